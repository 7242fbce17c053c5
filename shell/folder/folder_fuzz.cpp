// Any bytes as the key box that lies in a folder, and any text behind the folder's address: what somebody signed is
// given back as it was put, all else is called damaged, and no address leads to where nothing is.
#include <fcntl.h>
#include <unistd.h>

#include "core/base/encoding.h"
#include "core/proto/api.h"
#include "core/proto/storage.h"
#include "shell/folder/folder_storage.h"
#include "tests/support/scratch_folder.h"
#include "tests/support/vault_writer.h"

namespace {

using namespace cairn;

/// Its first byte says whether the others are the file, or what is changed in a signed one: place (two bytes), value.
Bytes file_of(ByteView input, const Bytes& honest) {
  if (input.empty()) return {};
  const ByteView rest = input.subspan(1);
  if (input[0] % 2 == 0) return to_bytes(rest);
  Bytes out = honest;
  for (std::size_t at = 0; at + 2 < rest.size(); at += 3) {
    out[(std::size_t{rest[at]} << 8 | rest[at + 1]) % out.size()] ^= rest[at + 2];
  }
  return out;
}

proto::CallReply ask(const std::string& url, std::string_view path, Bytes body) {
  static const folder::FolderStorage storage({[] { return Time{1'750'000'000'000}; }});
  proto::Call call;
  call.method = proto::Method::post;
  call.url = url + std::string(path);
  call.body = std::move(body);
  return storage.answer(call);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const testing::ScratchFolder scratch;
  static const testing::VaultWriter writer{5};
  static const proto::KeyBoxPut put = writer.put_key_box(1, "what the box holds");
  static const Bytes honest = wire::encode(put);
  static const std::string url = folder::url_of(scratch.path());
  static const int file = ::open(scratch.file("key-box-" + to_hex(put.id)).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  const ByteView input(data, size);
  const Bytes lies = file_of(input, honest);
  CHECK(file >= 0 && ::ftruncate(file, 0) == 0);
  CHECK(::pwrite(file, lies.data(), lies.size(), 0) == static_cast<ssize_t>(lies.size()));
  const Bytes wanted = wire::encode(proto::KeyBoxGet{put.id});
  const proto::CallReply answer = ask(url, proto::kPathKeyBoxGet, wanted);
  CHECK((answer.status == 200) == (lies == honest));
  if (answer.status == 200) CHECK(answer.body == honest);
  CHECK(ask(url + "/" + as_text(input), proto::kPathKeyBoxGet, wanted).status != 200);
  CHECK(ask(url, proto::kPathVaultList, to_bytes(input)).status != 200);
  return 0;
}
