#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "core/base/encoding.h"
#include "shell/folder/folder_transport.h"
#include "shell/os/clock.h"
#include "tests/support/scratch_folder.h"
#include "tests/support/vault_contract.h"

namespace cairn {
namespace {

using testing::ScratchFolder;
using testing::VaultWriter;
namespace fs = std::filesystem;

std::uint64_t bytes_in(const std::string& folder) {
  std::uint64_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) bytes += entry.file_size();
  }
  return bytes;
}

proto::Call call_of(const std::string& base, std::string_view path, Bytes body) {
  return {proto::CallId{1}, proto::Method::post, base + std::string(path), {}, std::move(body)};
}

/// A folder with a space in its name, on a disk that has so much room.
class FolderBackend {
 public:
  static constexpr std::uint64_t kRoom = 8 * proto::kVaultPart;
  static constexpr ErrorCode kOverRoom = ErrorCode::storage_full;

  FolderBackend() { fs::create_directory(folder_); }

  proto::CallReply call(std::string_view path, Bytes body) {
    return storage().answer(call_of(folder::url_of(folder_), path, std::move(body)));
  }
  void kill() {}  // there is nothing in memory
  void fill_disk(bool full) { full_ = full; }
  void settle() {}

 private:
  folder::FolderStorage storage() {
    constexpr std::uint64_t kDisk = kRoom + (std::uint64_t{1} << 20);
    return folder::FolderStorage({os::now, [this](const std::string& path) {
                                    const std::uint64_t used = bytes_in(path);
                                    return full_ || used > kDisk ? 0 : kDisk - used;
                                  }});
  }

  ScratchFolder scratch_;
  std::string folder_ = scratch_.file("my backups");
  bool full_ = false;
};

}  // namespace

namespace testing {
INSTANTIATE_TYPED_TEST_SUITE_P(Folder, VaultContract, FolderBackend);
}  // namespace testing

namespace folder {
namespace {

class FolderTest : public ::testing::Test {
 protected:
  template <class Request>
  int ask(std::string_view path, const Request& request) {
    return storage.answer(call_of(base, path, wire::encode(request))).status;
  }
  ErrorCode refusal(const proto::Call& call) {
    const auto reply = storage.answer(call);
    const auto error = wire::decode<proto::ErrorAnswer>(reply.body);
    EXPECT_TRUE(error && error->message.ends_with('.') && reply.status == proto::status_of(error->code));
    return error ? error->code : ErrorCode::internal;
  }
  std::string vault_folder() const { return scratch.file("vault-" + to_hex(writer.vault)); }

  ScratchFolder scratch;
  std::string base = url_of(scratch.path());
  Time now = os::now();
  FolderStorage storage{{[this] { return now; }}};
  VaultWriter writer{1};
};

TEST_F(FolderTest, NamesOfFilesAreHexOfIdsAlone) {
  ASSERT_EQ(ask(proto::kPathVaultCreate, writer.create()), 200);
  ASSERT_EQ(ask(proto::kPathVaultPut, writer.put(VaultWriter::id(1), writer.make_object(5), 0)), 200);
  ASSERT_EQ(ask(proto::kPathVaultPut, writer.put(VaultWriter::id(2), writer.make_object(2'000'000), 0)), 200);
  ASSERT_EQ(ask(proto::kPathKeyBoxPut, writer.put_key_box(1, "one")), 200);
  for (const auto& entry : fs::recursive_directory_iterator(scratch.path())) {
    const std::string name = entry.path().filename();
    const auto of = [&](std::string_view prefix) { return name.substr(0, prefix.size()) == prefix; };
    const std::string rest = of("vault-") ? name.substr(6) : of("key-box-") ? name.substr(8) : name;
    EXPECT_TRUE(name == "write-key" || rest.find_first_not_of("0123456789abcdef-.part") == std::string::npos) << name;
    EXPECT_EQ(entry.status().permissions() & fs::perms(0077), fs::perms::none) << name;
  }
}

TEST_F(FolderTest, AsksForNoLoginAndLooksAtNone) {
  for (const std::string& bearer : {std::string(), std::string("a token of some server")}) {
    auto call = call_of(base, proto::kPathVaultCreate, wire::encode(writer.create()));
    call.bearer = bearer;
    EXPECT_EQ(storage.answer(call).status, 200);
    call = call_of(base, proto::kPathVaultDelete, wire::encode(writer.remove()));
    call.bearer = bearer;
    EXPECT_EQ(storage.answer(call).status, 200);
  }
}

TEST_F(FolderTest, AFolderThatIsNotThereIsUnavailableAndNotMade) {
  const std::string missing = scratch.file("stick");
  EXPECT_EQ(refusal(call_of(url_of(missing), proto::kPathVaultCreate, wire::encode(writer.create()))),
            ErrorCode::unavailable);
  EXPECT_FALSE(fs::exists(missing));
  std::ofstream(missing) << "a file";
  EXPECT_EQ(refusal(call_of(url_of(missing), proto::kPathVaultCreate, wire::encode(writer.create()))),
            ErrorCode::unavailable);
}

TEST_F(FolderTest, NoAddressLeadsOutOfWhatItNames) {
  const Bytes body = wire::encode(writer.create());
  const std::string path(proto::kPathVaultCreate);
  for (const std::string& url :
       {"file://" + scratch.path() + "/../x" + path, "file://" + scratch.path() + "/%2e%2e" + path,
        "file://" + scratch.path() + "/./a" + path, "file://" + scratch.path() + "//a" + path, "file://" + path,
        "file:///" + path, "file://host/a" + path, "file://" + scratch.path() + "/a%0" + path,
        "file://" + scratch.path() + "/a%00b" + path, "file://" + scratch.path() + "/a b" + path}) {
    EXPECT_EQ(refusal({proto::CallId{1}, proto::Method::post, url, {}, body}), ErrorCode::malformed) << url;
  }
  EXPECT_EQ(refusal({proto::CallId{1}, proto::Method::get, base + path, {}, body}), ErrorCode::not_found);
  EXPECT_EQ(refusal({proto::CallId{1}, proto::Method::post, base + path + "/x", {}, body}), ErrorCode::not_found);
  EXPECT_TRUE(fs::is_empty(scratch.path()));
}

TEST_F(FolderTest, AnUploadThatIsADayOldIsSweptWhenTheVaultIsOpened) {
  ASSERT_EQ(ask(proto::kPathVaultCreate, writer.create()), 200);
  const Bytes object = writer.make_object(2 * proto::kVaultPart);
  ASSERT_EQ(ask(proto::kPathVaultPut, writer.put(VaultWriter::id(1), object, 0)), 200);
  now = after(now, 23 * kHourMs);
  ASSERT_EQ(ask(proto::kPathVaultCreate, writer.create()), 200);
  EXPECT_GT(bytes_in(scratch.path()), proto::kVaultPart);
  now = after(now, 2 * kHourMs);
  ASSERT_EQ(ask(proto::kPathVaultCreate, writer.create()), 200);
  EXPECT_EQ(bytes_in(scratch.path()), PublicKey::kSize);
}

TEST_F(FolderTest, ADeletionThatWasInterruptedIsDoneTheNextTime) {
  ASSERT_EQ(ask(proto::kPathVaultCreate, writer.create()), 200);
  ASSERT_EQ(ask(proto::kPathVaultPut, writer.put(VaultWriter::id(1), writer.make_object(9), 0)), 200);
  fs::rename(vault_folder(), scratch.file("deleted-" + to_hex(writer.vault)));
  EXPECT_EQ(ask(proto::kPathVaultList, proto::VaultList{writer.vault, {}}), 404);
  ASSERT_EQ(ask(proto::kPathVaultCreate, writer.create()), 200);
  EXPECT_EQ(bytes_in(scratch.path()), PublicKey::kSize);
  // Whoever asks for the deletion again, and for nothing else.
  fs::rename(vault_folder(), scratch.file("deleted-" + to_hex(writer.vault)));
  EXPECT_EQ(ask(proto::kPathVaultDelete, writer.remove()), 404);
  EXPECT_TRUE(fs::is_empty(scratch.path()));
}

/// Makes a file with the bytes "mine".
void write_mine(const std::string& path) { std::ofstream(path) << "mine"; }

TEST_F(FolderTest, WhatItDidNotMakeIsLeftAloneWhateverItsName) {
  const ScratchFolder elsewhere;
  const std::string hex = to_hex(VaultWriter::id(7));
  const std::string folders[] = {scratch.file("deleted-photos"), scratch.file("deleted-" + std::string(32, 'A')),
                                 scratch.file("deleted-" + hex + "0"), elsewhere.file("private")};
  for (const std::string& folder : folders) {
    fs::create_directory(folder);
    for (const std::string& name : {std::string("cat.jpg"), std::string("write-key"), hex}) {
      write_mine(folder + "/" + name);
    }
  }
  fs::create_directory_symlink(folders[3], scratch.file("deleted-" + hex));
  write_mine(scratch.file("deleted-" + std::string(32, '0')));
  ASSERT_EQ(ask(proto::kPathVaultCreate, writer.create()), 200);
  ASSERT_EQ(ask(proto::kPathVaultCreate, writer.create()), 200);
  ASSERT_EQ(ask(proto::kPathVaultDelete, writer.remove()), 200);
  EXPECT_EQ(bytes_in(scratch.path()), (3 * 3 + 1) * 4u);
  EXPECT_EQ(bytes_in(elsewhere.path()), 3 * 4u);
  EXPECT_TRUE(fs::is_symlink(scratch.file("deleted-" + hex)));
}

TEST_F(FolderTest, ASymbolicLinkIsNoVault) {
  const ScratchFolder elsewhere;
  const Bytes object = writer.make_object(9);
  const auto id = VaultWriter::id(1);
  ASSERT_EQ(ask(proto::kPathVaultCreate, writer.create()), 200);
  ASSERT_EQ(ask(proto::kPathVaultPut, writer.put(id, object, 0)), 200);
  fs::rename(vault_folder(), elsewhere.file("moved"));
  fs::create_directory_symlink(elsewhere.file("moved"), vault_folder());
  EXPECT_EQ(ask(proto::kPathVaultCreate, writer.create()), 507);
  EXPECT_EQ(ask(proto::kPathVaultPut, writer.put(VaultWriter::id(2), object, 0)), 507);
  EXPECT_EQ(ask(proto::kPathVaultGet, proto::VaultGet{writer.vault, id, 0, 9}), 507);
  EXPECT_EQ(ask(proto::kPathVaultList, proto::VaultList{writer.vault, {}}), 507);
  EXPECT_EQ(ask(proto::kPathVaultPrune, writer.prune({id})), 507);
  EXPECT_EQ(ask(proto::kPathVaultDelete, writer.remove()), 507);
  EXPECT_EQ(bytes_in(elsewhere.path()), PublicKey::kSize + object.size());
  EXPECT_TRUE(fs::is_symlink(vault_folder()));
}

TEST_F(FolderTest, OfADeletedVaultTheFilesOfOthersStay) {
  const std::string dying = scratch.file("deleted-" + to_hex(writer.vault));
  ASSERT_EQ(ask(proto::kPathVaultCreate, writer.create()), 200);
  ASSERT_EQ(ask(proto::kPathVaultPut, writer.put(VaultWriter::id(1), writer.make_object(9), 0)), 200);
  ASSERT_EQ(ask(proto::kPathVaultPut, writer.put(VaultWriter::id(2), writer.make_object(2'000'000), 0)), 200);
  write_mine(vault_folder() + "/write-key.a1B2c3");  // left by a crash of its own
  write_mine(vault_folder() + "/notes");
  fs::create_directory(vault_folder() + "/" + to_hex(VaultWriter::id(3)));
  ASSERT_EQ(ask(proto::kPathVaultDelete, writer.remove()), 200);
  EXPECT_EQ(ask(proto::kPathVaultList, proto::VaultList{writer.vault, {}}), 404);
  EXPECT_EQ(bytes_in(scratch.path()), 4u);
  EXPECT_TRUE(fs::exists(dying + "/notes"));
  // They stand in the way of the next deletion alone, and it says so.
  ASSERT_EQ(ask(proto::kPathVaultCreate, writer.create()), 200);
  EXPECT_EQ(ask(proto::kPathVaultDelete, writer.remove()), 507);
  EXPECT_EQ(ask(proto::kPathVaultList, proto::VaultList{writer.vault, {}}), 200);
  fs::rename(dying, scratch.file("kept"));
  EXPECT_EQ(ask(proto::kPathVaultDelete, writer.remove()), 200);
  EXPECT_EQ(bytes_in(scratch.path()), 4u);
}

TEST_F(FolderTest, APieceOfAPartThatACrashLeftIsNoPart) {
  ASSERT_EQ(ask(proto::kPathVaultCreate, writer.create()), 200);
  const Bytes object = writer.make_object(2 * proto::kVaultPart + 10);
  const auto id = VaultWriter::id(1);
  ASSERT_EQ(ask(proto::kPathVaultPut, writer.put(id, object, 0)), 200);
  const std::string part = vault_folder() + "/" + to_hex(id) + "-" + to_hex(crypto::sha256(object)) + ".part";
  fs::resize_file(part, 2 * proto::kVaultPart - 1);
  ASSERT_EQ(ask(proto::kPathVaultPut, writer.put(id, object, proto::kVaultPart)), 200);
  fs::resize_file(part, 2 * proto::kVaultPart + 100);
  ASSERT_EQ(ask(proto::kPathVaultPut, writer.put(id, object, 2 * proto::kVaultPart)), 200);
  EXPECT_EQ(fs::file_size(vault_folder() + "/" + to_hex(id)), object.size());
}

TEST_F(FolderTest, AnUploadThatStoppedBeforeItsLastStepIsFinishedBeforeItIsCalledWhole) {
  ASSERT_EQ(ask(proto::kPathVaultCreate, writer.create()), 200);
  const Bytes object = writer.make_object(2 * proto::kVaultPart);
  const auto last_part_came = [&](std::uint8_t last, ByteView rest) {
    const auto id = VaultWriter::id(last);
    ASSERT_EQ(ask(proto::kPathVaultPut, writer.put(id, object, 0)), 200);
    std::ofstream(vault_folder() + "/" + to_hex(id) + "-" + to_hex(crypto::sha256(object)) + ".part",
                  std::ios::app | std::ios::binary)
        << as_text(rest);
  };
  const ByteView rest = ByteView(object).subspan(proto::kVaultPart);
  for (const std::uint8_t last : {std::uint8_t{1}, std::uint8_t{2}}) {
    last_part_came(last, rest);
    // Who asks is told the same as who puts the last part again.
    const std::uint64_t offset = last == 1 ? object.size() : proto::kVaultPart;
    EXPECT_EQ(ask(proto::kPathVaultPut, writer.put(VaultWriter::id(last), object, offset)), 200);
    EXPECT_EQ(ask(proto::kPathVaultGet, proto::VaultGet{writer.vault, VaultWriter::id(last), 0, 9}), 200);
  }
  Bytes other = to_bytes(rest);
  other.back() ^= 1;
  last_part_came(3, other);
  EXPECT_EQ(ask(proto::kPathVaultPut, writer.put(VaultWriter::id(3), object, object.size())), 400);
  last_part_came(3, object);  // more than was announced
  EXPECT_EQ(ask(proto::kPathVaultPut, writer.put(VaultWriter::id(3), object, object.size())), 400);
  EXPECT_EQ(bytes_in(scratch.path()), PublicKey::kSize + 2 * object.size());
}

TEST_F(FolderTest, WhatAnInterruptedPutLeftOfAKeyBoxGoesWithTheNextPutOrDelete) {
  const std::string box = scratch.file("key-box-" + to_hex(writer.key_box));
  const std::string others = scratch.file("key-box-" + to_hex(VaultWriter::id(1)) + ".a1B2c3");
  write_mine(others);
  write_mine(box + ".notes");
  for (const int version : {1, 2}) {
    write_mine(box + ".a1B2c3");
    ASSERT_EQ(ask(proto::kPathKeyBoxPut, writer.put_key_box(static_cast<std::uint64_t>(version), "x")), 200);
    EXPECT_FALSE(fs::exists(box + ".a1B2c3"));
  }
  write_mine(box + ".Z9z9z9");
  ASSERT_EQ(ask(proto::kPathKeyBoxDelete, writer.delete_key_box(2)), 200);
  EXPECT_FALSE(fs::exists(box + ".Z9z9z9"));
  EXPECT_TRUE(fs::exists(others) && fs::exists(box + ".notes"));
}

TEST_F(FolderTest, ADamagedKeyBoxIsReplacedByAPutAndRemovedByADelete) {
  const std::string box = scratch.file("key-box-" + to_hex(writer.key_box));
  const proto::KeyBoxGet get{writer.key_box};
  const auto overwrite = [&](ByteView bytes) { std::ofstream(box, std::ios::binary) << as_text(bytes); };
  ASSERT_EQ(ask(proto::kPathKeyBoxPut, writer.put_key_box(1, "one")), 200);
  Bytes flipped = wire::encode(writer.put_key_box(1, "one"));
  flipped[proto::KeyBoxId::kSize + 3] ^= 1;  // in the write key
  auto moved = writer.put_key_box(1, "one");
  moved.id.mutable_view()[0] ^= 1;
  std::uint64_t version = 4;  // which one stood there nobody knows
  for (const Bytes& damaged :
       {Bytes(9, 7), Bytes{}, Bytes(proto::kMaxKeyBox + 5000, 7), flipped, wire::encode(moved)}) {
    overwrite(damaged);
    EXPECT_EQ(refusal(call_of(base, proto::kPathKeyBoxGet, wire::encode(get))), ErrorCode::storage_failed);
    auto forged = writer.put_key_box(version, "forged");
    forged.body.push_back(1);
    EXPECT_EQ(ask(proto::kPathKeyBoxPut, forged), 403);
    EXPECT_EQ(ask(proto::kPathKeyBoxPut, writer.put_key_box(version, "new")), 200);
    EXPECT_EQ(ask(proto::kPathKeyBoxGet, get), 200);
    EXPECT_EQ(ask(proto::kPathKeyBoxPut, writer.put_key_box(version + 2, "too far")), 409);
    overwrite(damaged);
    EXPECT_EQ(ask(proto::kPathKeyBoxDelete, writer.delete_key_box(version)), 200);
    EXPECT_EQ(ask(proto::kPathKeyBoxGet, get), 404);
    ++version;
    ASSERT_EQ(ask(proto::kPathKeyBoxPut, writer.put_key_box(1, "one")), 200);
  }
}

TEST_F(FolderTest, AWriteThatTheSystemCutsShortLeavesWhatWasThere) {
  ASSERT_EQ(ask(proto::kPathVaultCreate, writer.create()), 200);
  const Bytes object = writer.make_object(3 * proto::kVaultPart);
  const auto id = VaultWriter::id(1);
  ASSERT_EQ(ask(proto::kPathVaultPut, writer.put(id, object, 0)), 200);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit before = {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit tight{proto::kVaultPart + proto::kVaultPart / 2, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
  const int status = ask(proto::kPathVaultPut, writer.put(id, object, proto::kVaultPart));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, old_handler);
  EXPECT_EQ(status, 507);
  EXPECT_EQ(bytes_in(scratch.path()), PublicKey::kSize + proto::kVaultPart);
  EXPECT_EQ(ask(proto::kPathVaultPut, writer.put(id, object, proto::kVaultPart)), 200);
  EXPECT_EQ(ask(proto::kPathVaultPut, writer.put(id, object, 2 * proto::kVaultPart)), 200);
}

/// Puts objects and replaces a key box without end, and says after each answer how many there are.
[[noreturn]] void put_until_killed(const std::string& base, int out) {
  const FolderStorage storage({os::now});
  VaultWriter writer(1);
  storage.answer(call_of(base, proto::kPathVaultCreate, wire::encode(writer.create())));
  for (std::uint8_t i = 1;; ++i) {
    const Bytes object(proto::kVaultPart + 10, i);
    bool good = true;
    for (const std::uint64_t at : {std::uint64_t{0}, std::uint64_t{proto::kVaultPart}}) {
      const auto put = writer.put(VaultWriter::id(i), object, at);
      good = good && storage.answer(call_of(base, proto::kPathVaultPut, wire::encode(put))).status == 200;
    }
    const auto box = writer.put_key_box(i, std::string(i, 'b'));
    good = good && storage.answer(call_of(base, proto::kPathKeyBoxPut, wire::encode(box))).status == 200;
    if (!good || ::write(out, &i, 1) != 1 || i == 255) ::_exit(1);
  }
}

TEST_F(FolderTest, WhatWasAnsweredIsThereAfterAKillAtAnyMoment) {
  for (useconds_t wait_us = 2'000; wait_us < 40'000; wait_us += 3'700) {
    const ScratchFolder folder;
    int ends[2] = {};
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) put_until_killed(url_of(folder.path()), ends[1]);
    ::close(ends[1]);
    ::usleep(wait_us);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    std::uint8_t answered = 0;
    while (::read(ends[0], &answered, 1) == 1) {
    }
    ::close(ends[0]);
    base = url_of(folder.path());
    for (std::uint8_t i = 1; i <= answered; ++i) {
      const auto reply = storage.answer(
          call_of(base, proto::kPathVaultGet,
                  wire::encode(proto::VaultGet{writer.vault, VaultWriter::id(i), proto::kVaultPart, 100})));
      ASSERT_EQ(reply.status, 200);
      EXPECT_EQ(wire::decode<proto::VaultPart>(reply.body)->data, Bytes(10, i));
    }
    const auto box =
        storage.answer(call_of(base, proto::kPathKeyBoxGet, wire::encode(proto::KeyBoxGet{writer.key_box})));
    const auto last = wire::decode<proto::KeyBoxPut>(box.body);
    if (answered > 0) {
      ASSERT_TRUE(last.has_value());
      EXPECT_TRUE(last->version == answered || last->version == answered + 1u);
    }
    // What was under way stands in nobody's way.
    const auto next = static_cast<std::uint8_t>(answered + 1);
    if (ask(proto::kPathVaultCreate, writer.create()) != 200) ADD_FAILURE();
    const Bytes object(proto::kVaultPart + 10, next);
    std::uint64_t have = 0;
    for (int tries = 0; have < object.size() && tries < 4; ++tries) {
      const auto put = writer.put(VaultWriter::id(next), object, have);
      have = wire::decode<proto::VaultPutAnswer>(
                 storage.answer(call_of(base, proto::kPathVaultPut, wire::encode(put))).body)
                 ->have;
    }
    EXPECT_EQ(have, object.size());
  }
}

/// A transport that notes what comes to it.
class Below final : public loop::Transport {
 public:
  std::vector<proto::Send> performed;
  std::vector<proto::Input> arrived;
  std::vector<std::uint64_t> waits;
  std::size_t resets = 0;

  std::vector<proto::Input> take(const Take& take) override {
    waits.push_back(take.wait_ms);
    return std::exchange(arrived, {});
  }
  void perform(proto::Send send) override { performed.push_back(std::move(send)); }
  void reset(const proto::Respond&) override { ++resets; }
  void close(std::uint64_t) override {}
};

TEST_F(FolderTest, TheTransportAnswersOneCallBetweenTwoTakesAndPassesAllElseOn) {
  Below below;
  FolderTransport transport(below, {os::now});
  transport.perform(call_of(base, proto::kPathVaultCreate, wire::encode(writer.create())));
  transport.perform(call_of(base, proto::kPathVaultList, wire::encode(proto::VaultList{writer.vault, {}})));
  transport.perform(proto::Call{proto::CallId{7}, proto::Method::get, "http://127.0.0.1/", {}, {}});
  EXPECT_EQ(below.performed.size(), 1u);
  below.arrived.emplace_back(proto::TimerFired{});
  EXPECT_EQ(transport.take({10, 0, 500}).size(), 2u);
  const auto second = transport.take({10, 0, 500});
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(std::get<proto::CallDone>(second[0]).reply->status, 200);
  EXPECT_TRUE(transport.take({10, 0, 500}).empty());
  EXPECT_EQ(below.waits, (std::vector<std::uint64_t>{0, 0, 500}));
  transport.perform(call_of(base, proto::kPathVaultList, {}));
  transport.reset({});
  EXPECT_TRUE(transport.take({10, 0, 500}).empty());
  EXPECT_EQ(below.resets, 1u);
}

}  // namespace
}  // namespace folder
}  // namespace cairn
