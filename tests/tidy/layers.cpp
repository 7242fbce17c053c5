// Who may include whom: the table of the architecture, CMake's DEPENDS lists, and the sources, held against one
// another.
#include <algorithm>

#include "tests/tidy/tree.h"

namespace cairn::tidy {
namespace {

using Folders = std::set<std::string>;

/// ARCHITECTURE.md's table. A module of core that is not here has no place yet.
const std::map<std::string, Folders>& allowed_in_core() {
  static const std::map<std::string, Folders> table = [] {
    const Folders tools = {"core/base", "core/wire", "core/crypto"};
    const Folders directory = {"core/base", "core/wire", "core/crypto", "core/tlog"};
    // Never mls or vault: the server has no code that could read a message or open a backup.
    const Folders server = {"core/base", "core/wire", "core/crypto", "core/tlog", "core/directory", "core/proto"};
    const Folders client = {"core/base", "core/wire",      "core/crypto", "core/tlog",
                            "core/mls",  "core/directory", "core/vault",  "core/proto"};
    return std::map<std::string, Folders>{{"core/base", {}},
                                          {"core/wire", {"core/base"}},
                                          {"core/crypto", {"core/base"}},
                                          {"core/tlog", tools},
                                          {"core/mls", tools},
                                          {"core/vault", tools},
                                          {"core/client", client},
                                          {"core/relay", server},
                                          {"core/witness", server},
                                          {"core/directory", directory},
                                          {"core/proto", {"core/base", "core/wire"}}};
  }();
  return table;
}

/// The iMessage of 2014: code that must protect nobody.
constexpr std::string_view kLegacy = "apps/lab/legacy/";

std::string group_of(std::string_view path) { return std::string(path.substr(0, path.find('/'))); }

bool may_depend(const std::string& module, const std::string& on) {
  const std::string group = group_of(module);
  if (group == "core") {
    const auto row = allowed_in_core().find(module);
    return row != allowed_in_core().end() && row->second.contains(on);
  }
  return group_of(on) == "core" || group_of(on) == "shell";
}

Folders closure(const Tree& tree, const Folders& start) {
  Folders reached;
  std::vector<std::string> todo(start.begin(), start.end());
  while (!todo.empty()) {
    const std::string folder = todo.back();
    todo.pop_back();
    if (!reached.insert(folder).second) continue;
    const auto module = tree.modules.find(folder);
    if (module != tree.modules.end())
      todo.insert(todo.end(), module->second.depends.begin(), module->second.depends.end());
  }
  return reached;
}

/// Code that could read a message or open a backup must not be in the server's programs, however indirectly.
void check_servers(const Tree& tree, Findings& findings) {
  for (const std::string app : {"apps/cairnd", "apps/witness"}) {
    Folders used;
    for (const SourceFile& file : tree.files) {
      if (!file.path.starts_with(app + "/")) continue;
      for (const Include& include : file.includes) used.insert(tree.module_of(include.target));
    }
    used.insert(app);
    const Folders reached = closure(tree, used);
    for (const std::string secret : {"core/mls", "core/vault", "core/client"}) {
      if (reached.contains(secret))
        findings.push_back({app, 1, "server", "reaches " + secret + " through what it includes"});
    }
  }
}

/// Empty when the include is allowed, else why not.
std::string objection(const Tree& tree, const SourceFile& file, const std::string& target) {
  const std::string group = group_of(file.path);
  const std::string target_group = group_of(target);
  const std::string module = tree.module_of(file.path);
  const std::string target_module = tree.module_of(target);
  static const Folders groups = {"core", "shell", "apps", "tests", "bench", "tools"};
  if (!groups.contains(target_group)) return "is not named from the root of the repository";
  if (target_group == "tests" && target.starts_with("tests/support/") && (file.is_beside_library() || group == "bench"))
    return "";
  if (target.starts_with(kLegacy) && !file.path.starts_with("apps/lab/"))
    return "is broken on purpose: the lab's alone";
  if (!module.empty()) {
    if (target_module == module) return "";
    if (target_module.empty()) return "is in no module";
    return tree.modules.at(module).depends.contains(target_module) ? "" : "is not in the DEPENDS of " + module;
  }
  if (group == "core" || group == "shell") return "";  // check_rooms tells that it has no module
  if (target_group == "core" || target_group == "shell") return "";
  // Tools run the same vectors as tests do.
  if (group == "tools" && (target.starts_with("tests/support/") || target.starts_with("tests/vectors/"))) return "";
  if (group == "apps") {
    const std::string app = file.path.substr(0, file.path.find('/', 5) + 1);
    const bool shared = target.starts_with("apps/common/");  // what programs have in common is nobody's own
    // The lab runs real programs as the demonstration does.
    const bool village = app == "apps/lab/" && target.starts_with("apps/demo/");
    return target.starts_with(app) || shared || village ? "" : "is another program's";
  }
  // Benchmarks of whole programs, end-to-end tests and the lying server are programs over programs.
  if (group == "bench" || file.path.starts_with("tests/e2e/") || file.path.starts_with("tests/lying/") ||
      file.path.starts_with("tests/lab/")) {
    if (target_group == "apps") return "";
  }
  return target_group == group ? "" : "is above or beside this folder";
}

/// What an internal/ folder lies in; empty if the path is in none.
std::string owner_of_internal(const std::string& target) {
  const std::size_t at = target.find("/internal/");
  return at == std::string::npos ? "" : target.substr(0, at + 1);
}

/// A folder whose headers only some places may see.
struct Library {
  std::string prefix;
  std::vector<std::string> places;
  std::string rule;
};

void check_library_header(const SourceFile& file, const Include& include, Findings& findings) {
  static const std::vector<Library> libraries = {
      {"sodium.h", {"core/crypto/", "apps/lab/"}, "crypto-library"},
      {"sodium/", {"core/crypto/", "apps/lab/"}, "crypto-library"},
      {"openssl/", {"core/crypto/", "apps/lab/", "shell/net/"}, "crypto-library"},
      {"boost/", {"shell/net/"}, "boost"},
      {"zstd", {"core/vault/"}, "compression"},
      {"jpeglib.h", {"shell/images/", "tests/support/"}, "pictures"},
      {"png.h", {"shell/images/", "tests/support/"}, "pictures"},
  };
  for (const Library& library : libraries) {
    if (!include.target.starts_with(library.prefix)) continue;
    const bool placed = std::any_of(library.places.begin(), library.places.end(),
                                    [&file](const std::string& place) { return file.path.starts_with(place); });
    if (!placed)
      findings.push_back({file.path, include.line, library.rule, "<" + include.target + "> does not belong here"});
    if (placed && library.rule == "boost" && file.is_header()) {
      findings.push_back({file.path, include.line, "boost", "Boost is slow to compile: only in .cpp files"});
    }
  }
}

}  // namespace

void check_dependencies(const Tree& tree, Findings& findings) {
  for (const auto& [folder, module] : tree.modules) {
    const auto add = [&, line = module.line](const std::string& message) {
      findings.push_back({"CMakeLists.txt", line, "depends", message});
    };
    if (group_of(folder) == "core" && !allowed_in_core().contains(folder))
      add(folder + " is not in the architecture's table");
    for (const std::string& on : module.depends) {
      if (!tree.modules.contains(on)) {
        add(folder + " depends on " + on + ", which is no module");
      } else if (!may_depend(folder, on)) {
        add(folder + " must not depend on " + on);
      }
    }
  }
  check_servers(tree, findings);
}

void check_includes(const Tree& tree, Findings& findings) {
  constexpr std::size_t kFilesWithBoost = 4;
  Folders with_boost;
  for (const SourceFile& file : tree.files) {
    for (const Include& include : file.includes) {
      if (include.target.starts_with("boost/")) with_boost.insert(file.path);
      check_library_header(file, include, findings);
      if (!include.quoted) continue;
      const std::string why = objection(tree, file, include.target);
      if (!why.empty()) findings.push_back({file.path, include.line, "include", include.target + " " + why});
      const std::string owner = owner_of_internal(include.target);
      // Official vectors are about the insides of a protocol.
      if (!owner.empty() && !file.path.starts_with(owner) && !file.path.starts_with("tests/vectors/")) {
        findings.push_back({file.path, include.line, "internal", include.target + " belongs to " + owner + " alone"});
      }
    }
  }
  if (with_boost.size() > kFilesWithBoost) {
    findings.push_back({*with_boost.begin(), 1, "boost", "more than four files include Boost"});
  }
}

}  // namespace cairn::tidy
