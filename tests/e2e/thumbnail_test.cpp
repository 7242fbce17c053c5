// Pictures between real programs: seen before they are fetched, and telling nothing but what they show.
#include "core/base/encoding.h"
#include "shell/images/images.h"
#include "tests/e2e/village_fixture.h"
#include "tests/support/made_images.h"

namespace cairn::e2e {
namespace {

using nlohmann::json;
using testing::four_quarters;

class PicturesBetweenPrograms : public VillageTest {
 protected:
  void meet_one_another() {
    must(village().register_person("alice-1", "alice@localhost"));
    must(village().register_person("bob-1", "bob@localhost"));
    must(village().cairn("alice-1", {"send", "bob@localhost", "hello bob"}));
    ASSERT_TRUE(eventually([&] { return has_text("bob-1", "alice@localhost", "alice@localhost: hello bob"); }));
    must(village().cairn("bob-1", {"send", "alice@localhost", "hello alice"}));
  }
  std::string file_of(const std::string& name, ByteView bytes) {
    const std::string path = (folder_ / name).string();
    std::ofstream(path, std::ios::binary) << as_text(bytes);
    return path;
  }
  /// Sends it; the message as bob has it, before anything is saved.
  json sent(const std::string& path, const std::vector<std::string>& more = {}) {
    std::vector<std::string> words = {"send", "bob@localhost", "--attach", path};
    words.insert(words.end(), more.begin(), more.end());
    must(village().cairn("alice-1", words, std::chrono::minutes(2)));
    const std::string name = std::filesystem::path(path).filename().string();
    json out;
    EXPECT_TRUE(eventually([&] {
      const demo::Said said = village().cairn("bob-1", {"read", "alice@localhost", "--peek"});
      for (const json& one : said.good() ? said.json["messages"] : json::array()) {
        if (one.contains("attachment") && one["attachment"]["name"] == name) out = one;
      }
      return out.is_object();
    }));
    return out;
  }
};

TEST_F(PicturesBetweenPrograms, AreSeenBeforeTheyAreFetched) {
  meet_one_another();
  Bytes app1 = testing::exif_of(6, true);
  append(app1, to_bytes("GPS 52.5163 N, 13.3777 E"));
  const Bytes jpeg = testing::jpeg_of(four_quarters(1200, 900), {.app1 = app1, .comment = "at home"});
  // Its name says nothing of a picture.
  const json message = sent(file_of("holiday.dat", jpeg));
  const json preview = message["attachment"]["preview"];
  ASSERT_TRUE(preview.is_object()) << message;
  EXPECT_EQ(preview["media_type"], "image/jpeg");
  EXPECT_EQ(preview["width"], 120);  // the camera was held upright
  EXPECT_EQ(preview["height"], 160);
  const Bytes small = from_base64(preview["data"].get<std::string>()).value();
  EXPECT_LE(small.size(), images::kThumbnailSize);
  for (const char* words : {"Exif", "GPS", "home"}) EXPECT_EQ(as_text(small).find(words), std::string::npos) << words;
  const auto picture = images::decode_thumbnail(small);
  ASSERT_TRUE(picture);
  EXPECT_EQ(picture->width, 120);
  EXPECT_EQ(picture->height, 160);
  EXPECT_GT(picture->pixel(5, 5)[2], 200);    // blue: turned, the lower left corner is the upper left one
  EXPECT_GT(picture->pixel(115, 5)[0], 200);  // red
  // The file itself is what it was.
  const std::string folder = (folder_ / "saved").string();
  std::filesystem::create_directories(folder);
  must(village().cairn("bob-1", {"save", message["id"], "--to", folder}));
  std::ifstream in(folder + "/holiday.dat", std::ios::binary);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), as_text(jpeg));

  const Bytes png = testing::png_of(four_quarters(300, 100), {.has_alpha = true});
  EXPECT_EQ(sent(file_of("drawing.png", png))["attachment"]["preview"]["width"], 160);
  // Told to a person, and nothing of it lies at the server as it is.
  const auto shown = demo::run(
      {program_folder() + "/cairn", "--data", village().device_folder("bob-1"), "read", "alice@localhost", "--peek"},
      std::chrono::seconds(30));
  EXPECT_NE(shown.out.find("preview 120x160"), std::string::npos) << shown.out;
  EXPECT_FALSE(holds(village().server_folder(), as_text(ByteView(small).subspan(small.size() / 2, 64))));
}

TEST_F(PicturesBetweenPrograms, ComeWithoutAPreviewWhereThereIsNone) {
  meet_one_another();
  const auto has_preview = [](const json& message) { return message["attachment"].contains("preview"); };
  EXPECT_FALSE(has_preview(sent(file_of("letter.jpg", to_bytes("a letter that is called a picture")))));
  const Bytes jpeg = testing::jpeg_of(four_quarters(640, 480));
  EXPECT_FALSE(has_preview(sent(file_of("broken.jpg", ByteView(jpeg).first(jpeg.size() / 2)))));
  EXPECT_FALSE(has_preview(sent(file_of("empty.png", {}))));
  EXPECT_TRUE(has_preview(sent(file_of("whole.jpg", jpeg))));
  EXPECT_FALSE(has_preview(sent(file_of("unwanted.jpg", jpeg), {"--no-preview"})));
}

}  // namespace
}  // namespace cairn::e2e
