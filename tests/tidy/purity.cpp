// core/ thinks: it has no clock, randomness, thread, file or socket of its own, and no order that a seed does not fix.
// Its tests have no file or socket either, whatever of tests/support they use; but vectors are read from this tree.
#include <algorithm>

#include "tests/tidy/tree.h"

namespace cairn::tidy {
namespace {

using Words = std::set<std::string_view>;

const Words kForbiddenHeaders = {
    "unordered_map", "unordered_set", "thread",       "mutex",       "shared_mutex", "condition_variable",
    "future",        "semaphore",     "latch",        "barrier",     "stop_token",   "coroutine",
    "fstream",       "filesystem",    "random",       "ctime",       "time.h",       "unistd.h",
    "fcntl.h",       "netdb.h",       "poll.h",       "pthread.h",   "sys/socket.h", "sys/time.h",
    "sys/random.h",  "sys/stat.h",    "netinet/in.h", "arpa/inet.h", "sys/epoll.h",  "sys/un.h"};

/// What reaches a network or a disk.
const Words kOutsideHeaders = {"fstream",      "filesystem",   "unistd.h",    "fcntl.h",     "netdb.h",  "poll.h",
                               "sys/socket.h", "netinet/in.h", "arpa/inet.h", "sys/epoll.h", "sys/un.h", "sys/stat.h"};
/// Reads official vectors, and ours.
constexpr std::string_view kVectors = "tests/support/vectors.h";

/// Wherever they stand.
const Words kForbiddenNames = {"unordered_map",
                               "unordered_set",
                               "unordered_multimap",
                               "unordered_multiset",
                               "system_clock",
                               "steady_clock",
                               "utc_clock",
                               "high_resolution_clock",
                               "random_device",
                               "this_thread",
                               "jthread",
                               "crypto_kem_xwing_enc",
                               "crypto_kem_xwing_keypair",
                               "crypto_kem_enc",
                               "crypto_kem_mlkem768_enc",
                               "crypto_kem_mlkem768_keypair",
                               "crypto_kem_keypair",
                               "crypto_sign_keypair",
                               "crypto_sign_ed25519_keypair",
                               "crypto_box_keypair",
                               "crypto_kx_keypair",
                               "crypto_core_ristretto255_random",
                               "crypto_core_ed25519_random",
                               "crypto_core_ristretto255_scalar_random",
                               "crypto_core_ed25519_scalar_random"};

/// Only as a call that is no member's: others may use the word.
const Words kForbiddenCalls = {"gettimeofday", "clock_gettime", "clock",      "rand",       "srand",
                               "getrandom",    "getentropy",    "arc4random", "RAND_bytes", "RAND_priv_bytes",
                               "fopen",        "getenv",        "localtime",  "gmtime",     "socket",
                               "usleep",       "nanosleep"};

struct Word {
  std::size_t start;
  std::string_view text;
};

std::vector<Word> words_of(std::string_view code) {
  std::vector<Word> words;
  for (std::size_t at = 0; at < code.size();) {
    std::size_t end = at;
    while (end < code.size() && is_word(code[end])) ++end;
    if (end > at) words.push_back({at, code.substr(at, end - at)});
    at = end + 1;
  }
  return words;
}

/// The text after the word and its blanks.
std::string_view after(std::string_view code, const Word& word) {
  std::string_view rest = code.substr(word.start + word.text.size());
  const std::size_t start = rest.find_first_not_of(" \t\n");
  return start == std::string_view::npos ? "" : rest.substr(start);
}

/// A call, not a declaration and not a member's.
bool is_free_call(std::string_view code, const Word& word) {
  if (!after(code, word).starts_with('(')) return false;
  const std::string_view before = code.substr(0, word.start);
  if (before.ends_with('.') || before.ends_with("->")) return false;
  if (before.ends_with("::"))
    return before.ends_with("std::") || !is_word(before[before.size() - std::min<std::size_t>(3, before.size())]);
  const std::size_t last = before.find_last_not_of(" \t\n");
  const bool declared = last != std::string_view::npos &&
                        (is_word(before[last]) || before[last] == '&' || before[last] == '*') &&
                        !before.substr(0, last + 1).ends_with("return");
  return !declared;
}

/// time(nullptr), time(0), time(&x): the C call, and no function of ours that is named so.
bool is_time_call(std::string_view code, const Word& word) {
  if (word.text != "time" || !is_free_call(code, word)) return false;
  const std::string_view argument = after(code, word).substr(1);
  return argument.starts_with("nullptr") || argument.starts_with("NULL") || argument.starts_with('0') ||
         argument.starts_with('&');
}

/// A file that reaches outside, among this one and what it includes of tests/, and what those do; nullptr if none does.
const SourceFile* reaches_outside(const std::map<std::string, const SourceFile*>& files, const SourceFile& file,
                                  std::set<std::string>& seen) {
  if (file.path == kVectors || !seen.insert(file.path).second) return nullptr;
  for (const Include& include : file.includes) {
    if (!include.quoted && kOutsideHeaders.contains(include.target)) return &file;
    const auto found = files.find(include.target);
    if (!include.quoted || !include.target.starts_with("tests/") || found == files.end()) continue;
    if (const SourceFile* outside = reaches_outside(files, *found->second, seen)) return outside;
  }
  return nullptr;
}

void check_tests(const Tree& tree, Findings& findings) {
  std::map<std::string, const SourceFile*> files;
  for (const SourceFile& file : tree.files) files[file.path] = &file;
  for (const SourceFile& file : tree.files) {
    if (!file.path.starts_with("core/") || !file.path.ends_with("_test.cpp")) continue;
    std::set<std::string> seen;
    const SourceFile* outside = reaches_outside(files, file, seen);
    if (outside == nullptr) continue;
    findings.push_back(
        {file.path, 1, "pure", "tests of core touch neither network nor disk, and " + outside->path + " can"});
  }
}

}  // namespace

void check_purity(const Tree& tree, Findings& findings) {
  check_tests(tree, findings);
  for (const SourceFile& file : tree.files) {
    if (!file.path.starts_with("core/") || file.is_beside_library()) continue;
    for (const Include& include : file.includes) {
      if (kForbiddenHeaders.contains(include.target)) {
        findings.push_back({file.path, include.line, "pure", "<" + include.target + "> does not belong in core"});
      }
    }
    for (const Word& word : words_of(file.code)) {
      const bool forbidden = kForbiddenNames.contains(word.text) || word.text.starts_with("randombytes") ||
                             (kForbiddenCalls.contains(word.text) && is_free_call(file.code, word)) ||
                             is_time_call(file.code, word);
      if (!forbidden) continue;
      const std::size_t line = line_at(file.code, word.start);
      const bool in_include = std::any_of(file.includes.begin(), file.includes.end(),
                                          [line](const Include& include) { return include.line == line; });
      if (!in_include)
        findings.push_back({file.path, line, "pure", std::string(word.text) + " does not belong in core"});
    }
  }
}

}  // namespace cairn::tidy
