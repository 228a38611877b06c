#include <stdexcept>
#include <string>

extern "C" int length(int n) {
    try {
        if (n < 0) throw std::runtime_error("negative");
        return static_cast<int>(std::string(n, 'x').size());
    } catch (const std::exception &error) {
        return -static_cast<int>(std::string(error.what()).size());
    }
}
