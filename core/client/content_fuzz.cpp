// Any bytes as an application plaintext and as a content: what is shown is UTF-8 within its limits, and a text of ours
// that says the same is read back. A preview comes with a file alone, and has the size that it may have.
#include "core/client/content.h"

#include "core/base/utf8.h"
#include "core/client/preview.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn::client;
  const auto content = decode_content({data, size});
  if (content) {
    CHECK(content->text.has_value() == content->unknown_type.empty());
    CHECK(cairn::is_utf8(content->unknown_type) && content->unknown_type.size() <= kMaxMediaTypeSize);
  }
  if (content && !content->preview.empty()) CHECK(content->attachment && preview_extent(content->preview));
  if (content && content->control) {
    CHECK(!content->text);
    const auto again = decode_content(encode_content({}, *content->control));
    CHECK(again && again->control == content->control);
  }
  if (content && content->text) {
    CHECK(cairn::is_utf8(content->text->text) && content->text->text.size() <= kMaxTextSize);
    const auto again = decode_content(encode_content(*content->text));
    CHECK(again && again->text && again->text->text == content->text->text);
  }
  if (const auto plaintext = decode_plaintext({data, size})) {
    CHECK(plaintext->gossip.size() <= kMaxGossips);
  }
  return 0;
}
