// system_clock, time(nullptr) and <thread> in a comment, randombytes too.
#include <chrono>
struct Clock {
  virtual Time time() const = 0;
  const char* text = "std::rand() and unordered_map";
  int digits = 1'000'000;
};
inline auto now(const Clock& clock) { return clock.time(); }
