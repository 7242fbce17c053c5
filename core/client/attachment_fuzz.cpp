// Any bytes as the address of a blob, as the name that somebody gave a file, and as what is said of a file: an address
// has one spelling, a name is one file of a folder, and what is read is written back as it was.
#include "core/base/utf8.h"
#include "core/client/file_name.h"
#include "core/client/preview.h"
#include "tests/support/round_trip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn::client;
  const cairn::ByteView bytes(data, size);
  const std::string text = cairn::as_text(bytes);
  if (const auto address = parse_blob_url(text)) CHECK(blob_url(*address) == text);
  const std::string name = clean_file_name(text);
  CHECK(!name.empty() && name.size() <= kMaxFileName && cairn::is_utf8(name) && clean_file_name(name) == name);
  CHECK(name.find('/') == std::string::npos && name.front() != '.' && numbered_file_name(name, 999).size() <= 255);
  (void)media_type_of(text);
  if (const auto extent = preview_extent(bytes)) {
    CHECK(extent->width > 0 && extent->width <= kMaxPreviewSide && extent->height > 0 &&
          extent->height <= kMaxPreviewSide && size <= kMaxPreviewSize);
  }
  cairn::testing::round_trip<Attachment>(bytes);
  return 0;
}
