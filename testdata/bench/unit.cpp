// What `cargo xtask bench strip` links over and over into a program with much debug data: each
// copy adds that of all these headers and of the code that is made from their templates, which
// is itself linked once.
#include <algorithm>
#include <chrono>
#include <complex>
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <iomanip>
#include <iostream>
#include <list>
#include <locale>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <tuple>
#include <unordered_map>
#include <valarray>
#include <variant>
#include <vector>

static int unit() {
    std::regex word("[a-z]+([0-9]*)");
    std::map<std::string, std::vector<std::function<int(int)>>> table;
    std::unordered_map<std::string, std::variant<int, std::string>> values;
    std::string text = "one2 three4";
    for (std::sregex_iterator at(text.begin(), text.end(), word), end; at != end; ++at) {
        table[at->str()].push_back([&](int x) { return x + int(values.size()); });
        values[at->str()] = at->str(1);
    }
    std::mt19937 random(1);
    std::vector<int> numbers(100);
    std::generate(numbers.begin(), numbers.end(), random);
    std::stable_sort(numbers.begin(), numbers.end());
    auto later = std::async([&] { return std::accumulate(numbers.begin(), numbers.end(), 0); });
    for (auto &entry : std::filesystem::directory_iterator(".")) text += entry.path().string();
    std::ostringstream out;
    out << std::setw(8) << later.get() << text;
    return int(out.str().size() + table.size());
}
#ifdef MAIN
int main() { return unit() == 0; }
#else
__attribute__((used)) static int (*const copy)() = unit;
#endif
