#include <unordered_map>
