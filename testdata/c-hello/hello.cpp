#include <iostream>
#include <stdexcept>
#include <string>

int main(int count, char **words) {
    try {
        if (count > 1) {
            throw std::runtime_error(words[1]);
        }
        std::cout << std::string(words[0]) << std::endl;
    } catch (const std::exception &error) {
        std::cerr << error.what() << std::endl;
    }
    return 0;
}
