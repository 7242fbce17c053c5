#include "apps/lab/legacy/body.h"

#include <plist/plist.h>
#include <zlib.h>

#include <cstdlib>
#include <memory>

namespace cairn::lab::legacy {
namespace {

struct FreePlist {
  void operator()(void* node) const { plist_free(node); }
};
using Plist = std::unique_ptr<void, FreePlist>;

constexpr int kGzipWindow = 15 + 16;  // zlib: a gzip header around the largest window

/// The value of NAME="VALUE" in markup; nothing when it is not there.
std::optional<std::string> attribute(const std::string& markup, const std::string& name) {
  const std::string mark = " " + name + "=\"";
  const std::size_t at = markup.find(mark);
  if (at == std::string::npos) return std::nullopt;
  const std::size_t start = at + mark.size();
  const std::size_t end = markup.find('"', start);
  if (end == std::string::npos) return std::nullopt;
  return markup.substr(start, end - start);
}

std::optional<AttachmentReference> parse_markup(const std::string& markup) {
  const auto name = attribute(markup, "name");
  const auto url = attribute(markup, "mmcs-url");
  const auto owner = attribute(markup, "mmcs-owner");
  const auto signature = attribute(markup, "mmcs-signature-hex");
  const auto key = attribute(markup, "decryption-key");
  const auto size = attribute(markup, "file-size");
  if (!name || !url || !owner || !signature || !key || !size) return std::nullopt;
  return AttachmentReference{*name, *url, *owner, *signature, *key, std::strtoull(size->c_str(), nullptr, 10)};
}

std::optional<std::string> string_of(plist_t dictionary, const char* key) {
  const plist_t node = plist_dict_get_item(dictionary, key);
  if (node == nullptr || plist_get_node_type(node) != PLIST_STRING) return std::nullopt;
  char* text = nullptr;
  plist_get_string_val(node, &text);
  std::string out = text;
  std::free(text);
  return out;
}

}  // namespace

std::string attachment_markup(const AttachmentReference& reference) {
  return "<html><body><FILE name=\"" + reference.name + "\" width=\"1024\" height=\"768\" file-size=\"" +
         std::to_string(reference.size) + "\" uti-type=\"public.jpeg\" mime-type=\"image/jpeg\" mmcs-owner=\"" +
         reference.owner + "\" mmcs-signature-hex=\"" + reference.signature_hex + "\" mmcs-url=\"" + reference.url +
         "\" decryption-key=\"" + reference.key_hex + "\"></FILE></body></html>";
}

Bytes encode_plist(const Message& message) {
  const Plist root(plist_new_dict());
  plist_t participants = plist_new_array();
  for (const std::string& one : message.participants)
    plist_array_append_item(participants, plist_new_string(one.c_str()));
  plist_dict_set_item(root.get(), "p", participants);
  plist_dict_set_item(root.get(), "t", plist_new_string(message.text.c_str()));
  if (message.attachment)
    plist_dict_set_item(root.get(), "x", plist_new_string(attachment_markup(*message.attachment).c_str()));
  char* out = nullptr;
  std::uint32_t size = 0;
  plist_to_bin(root.get(), &out, &size);
  CHECK(out != nullptr);
  Bytes bytes(out, out + size);
  std::free(out);
  return bytes;
}

Result<Message> decode_plist(ByteView plist) {
  REQUIRE(plist.size() <= kMaxBody, ErrorCode::over_limit, "property list");
  plist_t node = nullptr;
  plist_from_bin(reinterpret_cast<const char*>(plist.data()), static_cast<std::uint32_t>(plist.size()), &node);
  const Plist root(node);
  REQUIRE(root != nullptr && plist_get_node_type(root.get()) == PLIST_DICT, ErrorCode::malformed, "property list");
  const auto text = string_of(root.get(), "t");
  const plist_t participants = plist_dict_get_item(root.get(), "p");
  REQUIRE(text && participants != nullptr && plist_get_node_type(participants) == PLIST_ARRAY, ErrorCode::malformed,
          "property list");
  Message out;
  out.text = *text;
  for (std::uint32_t i = 0; i < plist_array_get_size(participants); ++i) {
    const plist_t one = plist_array_get_item(participants, i);
    REQUIRE(plist_get_node_type(one) == PLIST_STRING, ErrorCode::malformed, "property list");
    char* name = nullptr;
    plist_get_string_val(one, &name);
    out.participants.emplace_back(name);
    std::free(name);
  }
  if (const auto markup = string_of(root.get(), "x")) out.attachment = parse_markup(*markup);
  return out;
}

Bytes gzip(ByteView data) {
  z_stream stream{};
  CHECK(deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  Bytes out(deflateBound(&stream, data.size()));
  stream.next_in = const_cast<Bytef*>(data.data());
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

Result<Bytes> gunzip(ByteView data) {
  z_stream stream{};
  CHECK(inflateInit2(&stream, kGzipWindow) == Z_OK);
  Bytes out(kMaxBody);
  stream.next_in = const_cast<Bytef*>(data.data());
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  const int end = inflate(&stream, Z_FINISH);
  const std::size_t size = stream.total_out;
  const bool all_read = stream.avail_in == 0;
  inflateEnd(&stream);
  REQUIRE(end == Z_STREAM_END && all_read, ErrorCode::malformed, "gzip");
  out.resize(size);
  return out;
}

Bytes encode_body(const Message& message) {
  Bytes plain = encode_plist(message);
  Bytes packed = gzip(plain);
  return packed.size() < plain.size() ? packed : plain;
}

Result<Message> decode_body(ByteView body) {
  if (body.size() > 2 && body[0] == 0x1f && body[1] == 0x8b) return decode_plist(TRY(gunzip(body)));
  return decode_plist(body);
}

}  // namespace cairn::lab::legacy
