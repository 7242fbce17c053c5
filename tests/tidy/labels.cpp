// Labels keep what is signed or derived for one purpose from being taken for another: no two are equal, and none is
// the beginning of another.
//
// Labels of standards (RFC 9420's "exp" and "exporter") cannot follow the second rule, and need not: their standards
// frame them with a length or a fixed prefix. A label is a standard's when the file's first line, or a comment in its
// paragraph, names an RFC, FIPS, C2SP or draft. It must differ from every label of ours; two of standards are not
// compared.
#include "tests/tidy/tree.h"

namespace cairn::tidy {
namespace {

struct Label {
  std::string path;
  std::size_t line;
  std::string value;
  bool of_standard;
};

bool names_a_standard(std::string_view line) {
  const std::size_t comment = line.find("//");
  if (comment == std::string_view::npos) return false;
  for (const char* name : {"RFC ", "FIPS ", "C2SP", "draft-"}) {
    if (line.find(name, comment) != std::string_view::npos) return true;
  }
  return false;
}

/// `... std::string_view kName = "value";`, also where the value stands on the next line.
void collect(const SourceFile& file, std::vector<Label>& labels) {
  const std::vector<std::string_view> raw = lines_of(file.raw);
  const std::vector<std::string_view> text = lines_of(file.text);
  const bool whole_file = !raw.empty() && names_a_standard(raw[0]);
  bool of_standard = false;
  bool declared = false;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i].find_first_not_of(" \t") == std::string_view::npos) of_standard = false;
    of_standard = of_standard || names_a_standard(raw[i]);
    if (text[i].starts_with('#')) continue;
    declared = declared || text[i].find("string_view k") != std::string_view::npos;
    const std::size_t open = text[i].find('"');
    if (declared && open != std::string_view::npos) {
      const std::size_t close = text[i].find('"', open + 1);
      labels.push_back(
          {file.path, i + 1, std::string(text[i].substr(open + 1, close - open - 1)), whole_file || of_standard});
    }
    if (text[i].find(';') != std::string_view::npos) declared = false;
  }
}

}  // namespace

void check_labels(const Tree& tree, Findings& findings) {
  std::vector<Label> labels;
  for (const SourceFile& file : tree.files) {
    if (file.path.starts_with("core/") && file.path.ends_with("/labels.h")) collect(file, labels);
  }
  for (const Label& one : labels) {
    for (const Label& other : labels) {
      if (&one == &other || (one.of_standard && other.of_standard)) continue;
      if (other.value == one.value && &one < &other) {
        findings.push_back({other.path, other.line, "label", "\"" + one.value + "\" is also in " + one.path});
      } else if (!one.of_standard && !other.of_standard && other.value != one.value &&
                 other.value.starts_with(one.value)) {
        findings.push_back({other.path, other.line, "label",
                            "\"" + one.value + "\" of " + one.path + " is a prefix of \"" + other.value + "\""});
      }
    }
  }
}

}  // namespace cairn::tidy
