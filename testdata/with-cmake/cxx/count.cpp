#include <map>
#include <stdexcept>
#include <string>

// Containers, and an exception that crosses two frames: the C++ runtime has to be there and work.
static int checked(const std::map<std::string, int> &counts, const std::string &word) {
    auto found = counts.find(word);
    if (found == counts.end()) throw std::out_of_range(word);
    return found->second;
}

extern "C" int count(const char *word) {
    std::map<std::string, int> counts{{"one", 1}, {"three", 3}};
    try {
        return checked(counts, word);
    } catch (const std::exception &) {
        return -1;
    }
}
