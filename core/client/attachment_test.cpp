#include "core/client/attachment.h"

#include <gtest/gtest.h>

namespace cairn::client {
namespace {

TEST(AttachmentRecords, AnAddressHasOneSpelling) {
  const std::string digits(64, 'a');
  const auto address = parse_blob_url("cairn-blob://example.org/" + digits);
  ASSERT_TRUE(address);
  EXPECT_EQ(address->domain, "example.org");
  EXPECT_EQ(blob_url(*address), "cairn-blob://example.org/" + digits);
  for (const std::string& bad :
       {"https://example.org/" + digits, "cairn-blob://example.org/" + std::string(64, 'A'),
        "cairn-blob://example.org/" + digits + "aa", "cairn-blob://example.org/" + digits.substr(2),
        "cairn-blob://example.org//" + digits, "cairn-blob:///" + digits, "cairn-blob://EXAMPLE.org/" + digits,
        "cairn-blob://example.org:80/" + digits, "cairn-blob://a@example.org/" + digits,
        "cairn-blob://example.org/" + digits + "?x", std::string("cairn-blob://"), std::string()}) {
    EXPECT_FALSE(parse_blob_url(bad)) << bad;
  }
}

TEST(AttachmentRecords, PaddingHidesSizesAndKeepsTheLimit) {
  EXPECT_EQ(padded_file_size(0), 1024u);
  EXPECT_EQ(padded_file_size(1025), 1088u);
  EXPECT_EQ(padded_file_size(kMaxFileSize), kMaxFileSize);
  EXPECT_LE(crypto::stream_sealed_size(padded_file_size(kMaxFileSize)), proto::kMaxBlob);
  EXPECT_EQ(padded_file_size(1'000'000), padded_file_size(1'000'001));
}

}  // namespace
}  // namespace cairn::client
