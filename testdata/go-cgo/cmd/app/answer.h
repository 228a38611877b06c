int answer(int n);
