#include "apps/cairn/recovery_page.h"

#include <gtest/gtest.h>
#include <qrencode.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cctype>
#include <fstream>
#include <memory>
#include <regex>
#include <sstream>

#include "core/client/own_name.h"
#include "core/client/printed_token.h"
#include "tests/support/freed_memory.h"
#include "tests/support/scratch_folder.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::apps {
namespace {

std::string some_key(std::uint64_t seed = 1) {
  testing::SeededEntropy entropy(seed);
  return client::recovery_text(random_secret<directory::RecoverySecret>(entropy));
}

std::string text_of_file(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The key as a person reads it off the page: all that is of class key, in order.
std::string printed_key(const std::string& page) {
  static const std::regex kLine("class=\"key\">([^<]*)</text>");
  std::string out;
  for (std::sregex_iterator at(page.begin(), page.end(), kLine), end; at != end; ++at) {
    std::istringstream groups((*at)[1].str());
    for (std::string group; groups >> group;) out += (out.empty() ? "" : "-") + group;
  }
  return out;
}

/// The modules as a scanner sees them: rows of the page's squares, with the margin.
std::vector<std::string> printed_modules(const std::string& page, int side) {
  std::vector<std::string> out(static_cast<std::size_t>(side), std::string(static_cast<std::size_t>(side), ' '));
  const std::size_t begin = page.find("<g id=\"qr\"");
  const std::string group = page.substr(begin, page.find("</g>", begin) - begin);
  static const std::regex kSquare("<rect x=\"(\\d+)\" y=\"(\\d+)\" width=\"1\" height=\"1\"/>");
  for (std::sregex_iterator at(group.begin(), group.end(), kSquare), end; at != end; ++at) {
    out.at(std::stoul((*at)[2].str())).at(std::stoul((*at)[1].str())) = '#';
  }
  return out;
}

TEST(RecoveryPage, HasTheKeyInItsGroupsAndAsAQrCodeOfTheSameText) {
  for (std::uint64_t seed = 1; seed < 6; ++seed) {
    const std::string key = some_key(seed);
    const std::string page = as_text(recovery_page(key, "alice@example.org", "2026-11-29").expose());
    EXPECT_EQ(printed_key(page), key);
    const std::unique_ptr<QRcode, decltype(&QRcode_free)> code(
        QRcode_encodeString8bit(printed_key(page).c_str(), 0, QR_ECLEVEL_L), &QRcode_free);
    ASSERT_NE(code, nullptr);
    const int side = code->width + 8;
    const auto modules = printed_modules(page, side);
    for (int y = 0; y < side; ++y) {
      for (int x = 0; x < side; ++x) {
        const bool inside = x >= 4 && y >= 4 && x < side - 4 && y < side - 4;
        const bool dark = inside && (code->data[(y - 4) * code->width + x - 4] & 1) != 0;
        ASSERT_EQ(modules[static_cast<std::size_t>(y)][static_cast<std::size_t>(x)] == '#', dark) << x << " " << y;
      }
    }
  }
}

TEST(RecoveryPage, SaysWhoseItIsAndWhatItIsForInBlackAndWhite) {
  const std::string page = as_text(recovery_page(some_key(), "<b>&\"@example.org", "2026-11-29").expose());
  EXPECT_NE(page.find("&lt;b&gt;&amp;&quot;@example.org"), std::string::npos);
  EXPECT_EQ(page.find("<b>"), std::string::npos);
  EXPECT_NE(page.find("2026-11-29"), std::string::npos);
  EXPECT_NE(page.find("cairn recover NAME"), std::string::npos);
  static const std::regex kColour("#[0-9a-fA-F]{3,6}\"");
  for (std::sregex_iterator at(page.begin(), page.end(), kColour), end; at != end; ++at) {
    EXPECT_TRUE(at->str() == "#000\"" || at->str() == "#fff\"") << at->str();
  }
  EXPECT_EQ(page.find("href"), std::string::npos);
  // Every line of words stays on the narrower paper: 0.6 of its size is more than a letter is wide on average.
  static const std::regex kText("<text x=\"(\\d+)\" y=\"(\\d+)\" font-size=\"([0-9.]+)\"[^>]*>([^<]*)</text>");
  std::size_t lines = 0;
  for (std::sregex_iterator at(page.begin(), page.end(), kText), end; at != end; ++at, ++lines) {
    const double size = std::stod((*at)[3].str());
    const bool mono = at->str().find("monospace") != std::string::npos;
    const double width = static_cast<double>((*at)[4].length()) * size * (mono ? 0.61 : 0.46);
    EXPECT_LE(std::stod((*at)[1].str()) + width, 210 - 10) << (*at)[4];
    EXPECT_LE(std::stod((*at)[2].str()), 279 - 10);
  }
  EXPECT_GT(lines, 10u);
}

TEST(RecoveryPage, HasTheTokenOfABackupBesideItWhereItsOwnerWantsThat) {
  testing::SeededEntropy entropy(9);
  const client::PrintedToken token{12, random_secret<vault::BackupToken>(entropy)};
  const PageToken printed{12, client::printed_token_text(token)};
  const std::string key = some_key();
  const std::string page = as_text(recovery_page(key, "alice@example.org", "2026-11-29", &printed).expose());
  EXPECT_EQ(printed_key(page), key);
  static const std::regex kLine(
      "<text x=\"(\\d+)\" y=\"(\\d+)\" font-size=\"([0-9.]+)\"[^>]*class=\"token\">([^<]*)</text>");
  std::string typed;
  for (std::sregex_iterator at(page.begin(), page.end(), kLine), end; at != end; ++at) {
    typed += (*at)[4].str();
    const double width = static_cast<double>((*at)[4].length()) * std::stod((*at)[3].str()) * 0.61;
    EXPECT_LE(std::stod((*at)[1].str()) + width, 210 - 10);
  }
  const auto read = client::parse_printed_token(typed);
  ASSERT_TRUE(read.has_value()) << typed;
  EXPECT_EQ(read->generation, 12u);
  EXPECT_TRUE(equal(read->token.expose(), token.token.expose()));
  EXPECT_NE(page.find("Token of generation 12"), std::string::npos);
  EXPECT_NE(page.find("cannot be deleted for certain"), std::string::npos);
  // No line lies upon another, and all are on the paper.
  static const std::regex kAnyLine("<text x=\"\\d+\" y=\"(\\d+)\" font-size=\"([0-9.]+)\"");
  double last = 0;
  for (std::sregex_iterator at(page.begin(), page.end(), kAnyLine), end; at != end; ++at) {
    const double y = std::stod((*at)[1].str());
    EXPECT_GE(y - std::stod((*at)[2].str()), last - 1) << at->str();
    EXPECT_LE(y, 279 - 10);
    last = y;
  }
  EXPECT_EQ(as_text(recovery_page(key, "alice@example.org", "2026-11-29").expose()).find("Token of generation"),
            std::string::npos);
}

TEST(RecoveryPage, IsWrittenForItsOwnerAloneAndReplacesNothing) {
  const testing::ScratchFolder folder;
  const std::string file = folder.file("key.svg");
  std::string typed = some_key();
  const std::string key = typed;
  ASSERT_EQ(print_recovery_key(typed, "alice@example.org", "2026-11-29", file).exit, Exit::done);
  EXPECT_EQ(typed.find_first_not_of('\0'), std::string::npos);  // wiped
  struct stat found = {};
  ASSERT_EQ(::stat(file.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
  EXPECT_EQ(printed_key(text_of_file(file)), key);

  std::string again = some_key(2);
  const Reply refused = print_recovery_key(again, "alice@example.org", "2026-11-29", file);
  EXPECT_EQ(refused.exit, Exit::refused);
  EXPECT_EQ(refused.code, "duplicate");
  EXPECT_EQ(printed_key(text_of_file(file)), key);
  const std::string link = folder.file("link.svg");
  ASSERT_EQ(::symlink(folder.file("elsewhere").c_str(), link.c_str()), 0);
  again = some_key(2);
  EXPECT_EQ(print_recovery_key(again, "a@b.example", "2026-11-29", link).exit, Exit::refused);
  EXPECT_NE(::stat(folder.file("elsewhere").c_str(), &found), 0);
  again = some_key(2);
  EXPECT_EQ(print_recovery_key(again, "a@b.example", "2026-11-29", folder.file("no/key.svg")).exit, Exit::refused);
}

/// Every other character at every place, and every two neighbours swapped. The checksum is a hash: that each of these
/// is found is so for these keys, and for others all but certain (docs/spec/client-rpc.md s.1).
TEST(RecoveryPage, EverySlipInTheKeyIsFound) {
  const std::string alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
  std::size_t tried = 0;
  for (std::uint64_t seed = 1; seed <= 32; ++seed) {
    const std::string key = some_key(seed);
    ASSERT_TRUE(client::parse_recovery_text(key));
    for (std::size_t i = 0; i < key.size(); ++i) {
      if (key[i] == '-') continue;
      ASSERT_NE(alphabet.find(key[i]), std::string::npos);
      for (const char other : alphabet) {
        if (other == key[i]) continue;
        std::string wrong = key;
        wrong[i] = other;
        EXPECT_FALSE(client::parse_recovery_text(wrong)) << key << " " << wrong;
        ++tried;
      }
      const std::size_t next = i + 1 < key.size() && key[i + 1] == '-' ? i + 2 : i + 1;
      if (next >= key.size() || key[next] == key[i]) continue;
      std::string wrong = key;
      std::swap(wrong[i], wrong[next]);
      EXPECT_FALSE(client::parse_recovery_text(wrong)) << key << " " << wrong;
      ++tried;
    }
  }
  EXPECT_GT(tried, 32u * (40 * 31 + 30));
}

TEST(RecoveryPage, ASlipIsFoundBeforeAnythingIsWritten) {
  const testing::ScratchFolder folder;
  const std::string file = folder.file("key.svg");
  const std::string key = some_key();
  std::vector<std::string> wrong = {"", "hello", key.substr(1), key + "a"};
  for (std::size_t i = 0; i < key.size(); ++i) {
    if (key[i] == '-') continue;
    wrong.push_back(key);
    wrong.back()[i] = key[i] == 'a' ? 'b' : 'a';
    const std::size_t next = i + 1 < key.size() && key[i + 1] == '-' ? i + 2 : i + 1;
    if (next >= key.size() || key[next] == key[i]) continue;
    wrong.push_back(key);
    std::swap(wrong.back()[i], wrong.back()[next]);
  }
  EXPECT_GT(wrong.size(), 70u);
  for (std::string one : wrong) {
    const std::string shown = one;
    const Reply refused = print_recovery_key(one, "a@b.example", "2026-11-29", file);
    EXPECT_EQ(refused.exit, Exit::refused) << shown;
    EXPECT_EQ(refused.code, "malformed");
  }
  struct stat found = {};
  EXPECT_NE(::stat(file.c_str(), &found), 0);
  // As people type it.
  std::string typed = "  " + key;
  for (char& c : typed) c = c == '-' ? ' ' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  EXPECT_EQ(print_recovery_key(typed, "a@b.example", "2026-11-29", file).exit, Exit::done);
  EXPECT_EQ(printed_key(text_of_file(file)), key);
}

TEST(RecoveryPage, LeavesNoPartOfTheKeyInMemory) {
  testing::SeededEntropy entropy(3);
  const auto secret = random_secret<directory::RecoverySecret>(entropy);
  const std::string key = client::recovery_text(secret);
  const std::string digits = [&] {
    std::string out;
    for (const char c : key) out += c == '-' ? "" : std::string(1, c);
    return out;
  }();
  const std::string line = key.substr(0, 5) + "  " + key.substr(6, 5) + "  " + key.substr(12, 5);
  const testing::ScratchFolder folder;
  std::string typed = key;
  testing::FreedMemory watch({as_bytes(key), as_bytes(key).subspan(24), as_bytes(digits), as_bytes(digits).subspan(20),
                              as_bytes(line), secret.expose()});
  EXPECT_EQ(print_recovery_key(typed, "alice@example.org", "2026-11-29", folder.file("key.svg")).exit, Exit::done);
  EXPECT_EQ(watch.found(), 0u);
}

}  // namespace
}  // namespace cairn::apps
