// Files between people, with a fake server and a fake disk: whole, interrupted, spoilt, refused.
#include "core/client/attachments.h"

#include "core/base/encoding.h"
#include "core/client/attachments_fixture.h"
#include "core/client/preview.h"
#include "tests/support/made_preview.h"

namespace cairn::client {
namespace {

TEST_F(FilesBetweenPeople, ComeWhole) {
  const Bytes content = file_content(kThreeParts);
  const json message = sent(content);
  EXPECT_EQ(message["text"], "look");
  EXPECT_FALSE(message.contains("unknown_type"));
  EXPECT_EQ(message["attachment"]["name"], "photo.png");
  EXPECT_EQ(message["attachment"]["size"], content.size());
  EXPECT_EQ(message["attachment"]["media_type"], "image/png");
  const json saved = save(message);
  ASSERT_EQ(saved["result"].value("state", ""), "done") << saved;
  EXPECT_EQ(saved["result"]["path"], "/home/bob/photo.png");
  EXPECT_EQ(machine.files.at("/home/bob/photo.png").bytes, content);
  EXPECT_EQ(count_in("/home/bob"), 1u);
  EXPECT_EQ(blobs.blobs.size(), 1u);
  EXPECT_EQ(blob().bytes.size() % proto::kBlobPart, blob().size % proto::kBlobPart);
  // Nothing of it lies on the server, and no call was larger than a part with what stands around it.
  EXPECT_EQ(std::search(blob().bytes.begin(), blob().bytes.end(), content.begin(), content.begin() + 32),
            blob().bytes.end());
  EXPECT_LE(machine.largest, std::size_t{1} << 20);
  EXPECT_EQ(rows("alice-1", tables::kPartDigests), 0u);
}

TEST_F(FilesBetweenPeople, OfAllSizesComeWhole) {
  meet();
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{1023}, std::size_t{1024}, crypto::kStreamChunk - 1,
        crypto::kStreamChunk, crypto::kStreamChunk + 1, proto::kMaxFilePiece, proto::kMaxFilePiece + 1,
        proto::kBlobPart, std::size_t{1} << 20}) {
    const std::string name = "f" + std::to_string(size);
    machine.put("/home/alice/" + name, file_content(size, size));
    ASSERT_EQ(send("/home/alice/" + name)["result"].value("state", ""), "done") << size;
    ASSERT_TRUE(village.until([&] {
      const json message = last("bob-1", kAlice);
      return message.contains("attachment") && message["attachment"]["name"] == name;
    })) << size;
    const Time before = village.now;
    ASSERT_EQ(save(last("bob-1", kAlice))["result"].value("state", ""), "done") << size;
    EXPECT_LT(elapsed_ms(village.now, before), kSecondMs) << size;
    EXPECT_TRUE(machine.files.at("/home/bob/" + name).bytes == file_content(size, size)) << size;
  }
}

TEST_F(FilesBetweenPeople, AreSavedByEveryDeviceOfBoth) {
  ASSERT_TRUE(village.link_device("alice-2", kAlice, "alice-1").contains("result"));
  ASSERT_TRUE(village.link_device("bob-2", kBob, "bob-1").contains("result"));
  village.pass_all(10 * kSecondMs);
  const Bytes content = file_content(100'000);
  const json message = sent(content);
  for (const std::string device : {"alice-1", "alice-2", "bob-1", "bob-2"}) {
    const std::string other = device.starts_with("alice") ? kBob : kAlice;
    ASSERT_TRUE(village.until([&] { return last(device, other).value("id", "") == message["id"]; })) << device;
    EXPECT_EQ(save(message, "/home/" + device, device)["result"].value("state", ""), "done") << device;
    EXPECT_EQ(machine.files.at("/home/" + device + "/photo.png").bytes, content) << device;
  }
}

// At every moment at which the device can stop.
TEST_F(FilesBetweenPeople, AreSentOnWhereTheyWereAfterARestart) {
  meet();
  const Bytes content = file_content(kThreeParts);
  std::size_t done = 0;
  for (std::uint64_t moment = 0; moment < 24; ++moment) {
    const std::string path = "/home/alice/at-" + std::to_string(moment) + ".bin";
    machine.put(path, content);
    village.begin("alice-1", "attachment.send", {{"to", kBob}, {"file", path}, {"wait_ms", 600'000}});
    village.device("alice-1").crash_after(moment);
    village.pass_all(kMinuteMs);
    village.device("alice-1").crash_after(std::nullopt);
    ASSERT_TRUE(all_over("alice-1")) << moment;
    const json message = last("bob-1", kAlice);
    ASSERT_EQ(message["attachment"]["name"], "at-" + std::to_string(moment) + ".bin");
    ASSERT_EQ(save(message)["result"].value("state", ""), "done");
    ASSERT_TRUE(machine.files.at("/home/bob/at-" + std::to_string(moment) + ".bin").bytes == content);
    ++done;
  }
  EXPECT_EQ(done, 24u);
  EXPECT_EQ(blobs.parts_again, 0u);  // what was acknowledged is not sent again
  EXPECT_EQ(blobs.blobs.size(), 24u);
  EXPECT_EQ(messages("bob-1", kAlice).size(), 26u);  // each once
  EXPECT_EQ(rows("alice-1", tables::kPartDigests), 0u);
}

TEST_F(FilesBetweenPeople, AreFetchedOnWhereTheyWereAfterARestart) {
  const Bytes content = file_content(kThreeParts);
  const json message = sent(content);
  const std::size_t whole = blob().size;
  for (std::uint64_t moment = 0; moment < 24; ++moment) {
    const std::string folder = "/home/bob/" + std::to_string(moment);
    blobs.bytes_given = 0;
    village.begin("bob-1", "attachment.save",
                  {{"message", message["id"].get<std::string>()}, {"folder", folder}, {"wait_ms", 600'000}});
    village.device("bob-1").crash_after(moment);
    village.pass_all(kMinuteMs);
    village.device("bob-1").crash_after(std::nullopt);
    ASSERT_TRUE(all_over("bob-1")) << moment;
    ASSERT_EQ(count_in(folder), 1u) << moment;  // no other name, and nothing beside it
    ASSERT_TRUE(machine.files.at(folder + "/photo.png").bytes == content) << moment;
    // What was written is not fetched again: a piece that was on its way, or the last one, which says that it is whole.
    EXPECT_LE(blobs.bytes_given, whole + 2 * proto::kBlobPart) << moment;
  }
}

// The file is at its place, and what would have said so is lost with the process.
TEST_F(FilesBetweenPeople, AreNotSavedTwiceWhenTheyWereJustPutAtTheirPlace) {
  meet();
  for (const std::size_t size : {std::size_t{0}, std::size_t{1000}, kThreeParts}) {
    const std::string name = "f" + std::to_string(size);
    const std::string folder = "/home/bob/" + name;
    machine.put("/home/alice/" + name, file_content(size));
    ASSERT_EQ(send("/home/alice/" + name)["result"].value("state", ""), "done");
    ASSERT_TRUE(village.until([&] {
      const json message = last("bob-1", kAlice);
      return message.contains("attachment") && message["attachment"]["name"] == name;
    }));
    const std::string id = last("bob-1", kAlice)["id"];
    bool lost = false;
    village.server.overhear = [&](const proto::Call& call) {
      if (call.url != proto::kUrlFileFinish || std::exchange(lost, true)) return;
      village.device("bob-1").fail_commit(village.device("bob-1").commits());
    };
    village.begin("bob-1", "attachment.save", {{"message", id}, {"folder", folder}, {"wait_ms", 600'000}});
    village.pass_all(kMinuteMs);
    village.server.overhear = nullptr;
    ASSERT_TRUE(lost && all_over("bob-1")) << size;
    EXPECT_EQ(transfers("bob-1").back()["state"], "done") << size;
    EXPECT_EQ(transfers("bob-1").back()["path"], folder + "/" + name) << size;
    EXPECT_EQ(count_in(folder), 1u) << size;
  }
}

TEST_F(FilesBetweenPeople, WaitForAServerThatIsAway) {
  meet();
  const Bytes content = file_content(kThreeParts);
  machine.put("/home/alice/photo.png", content);
  std::size_t puts = 0;
  village.server.overhear = [&](const proto::Call& call) {
    if (call.url.ends_with(proto::kPathBlobPut) && ++puts == 3) village.server.down = true;
  };
  const auto id = village.begin("alice-1", "attachment.send",
                                {{"to", kBob}, {"file", "/home/alice/photo.png"}, {"wait_ms", 600'000}});
  village.pass_all(kMinuteMs);
  const json status = transfers("alice-1").front();
  EXPECT_EQ(status["state"], "running");
  EXPECT_NE(status["trouble"], "");
  EXPECT_GT(status["done"], 0);
  village.server.down = false;
  json answer;
  ASSERT_TRUE(village.until([&] { return !(answer = village.answer("alice-1", id)).is_null(); }, 10 * kMinuteMs));
  EXPECT_EQ(answer["result"].value("state", ""), "done") << answer;
  EXPECT_EQ(blobs.parts_again, 0u);
}

TEST_F(FilesBetweenPeople, AreLoggedInForAgain) {
  meet();
  machine.put("/home/alice/photo.png", file_content(kThreeParts));
  std::size_t puts = 0;
  village.server.overhear = [&](const proto::Call& call) {
    if (call.url.ends_with(proto::kPathBlobPut) && ++puts == 2) village.server.post.forget_tokens();
  };
  EXPECT_EQ(send("/home/alice/photo.png")["result"].value("state", ""), "done");
}

TEST_F(FilesBetweenPeople, WaitForRoomAtTheServer) {
  meet();
  machine.put("/home/alice/photo.png", file_content(1000));
  blobs.refuses_puts = ErrorCode::storage_full;
  const auto id = village.begin("alice-1", "attachment.send",
                                {{"to", kBob}, {"file", "/home/alice/photo.png"}, {"wait_ms", 600'000}});
  village.pass_all(10 * kSecondMs);
  EXPECT_EQ(transfers("alice-1").front()["trouble"], "The server's disk is full.");
  blobs.refuses_puts.reset();
  json answer;
  ASSERT_TRUE(village.until([&] { return !(answer = village.answer("alice-1", id)).is_null(); }, 10 * kMinuteMs));
  EXPECT_EQ(answer["result"].value("state", ""), "done") << answer;
}

TEST_F(FilesBetweenPeople, AreTakenBackWhileTheyAreSent) {
  meet();
  machine.put("/home/alice/photo.png", file_content(kThreeParts));
  std::size_t puts = 0;
  village.server.overhear = [&](const proto::Call& call) {
    if (call.url.ends_with(proto::kPathBlobPut) && ++puts == 3) village.server.down = true;
  };
  const auto id = village.begin("alice-1", "attachment.send",
                                {{"to", kBob}, {"file", "/home/alice/photo.png"}, {"wait_ms", 600'000}});
  village.pass_all(10 * kSecondMs);
  ASSERT_EQ(blobs.blobs.size(), 1u);
  const json status = transfers("alice-1").front();
  const json cancelled =
      village.ask("alice-1", "attachment.cancel", {{"transfer", status["transfer"].get<std::string>()}});
  EXPECT_EQ(cancelled["result"].value("state", ""), "cancelled") << cancelled;
  village.server.down = false;
  village.pass_all(10 * kMinuteMs);
  EXPECT_EQ(village.answer("alice-1", id)["error"]["data"]["code"], "invalid_state");
  EXPECT_TRUE(blobs.blobs.empty());
  EXPECT_EQ(messages("alice-1", kBob).size(), 2u);
  EXPECT_EQ(rows("alice-1", tables::kPartDigests), 0u);
  EXPECT_EQ(rows("alice-1", tables::kBlobsToDelete), 0u);
  const json again = village.ask("alice-1", "attachment.cancel", {{"transfer", status["transfer"].get<std::string>()}});
  EXPECT_EQ(again["error"]["data"]["code"], "invalid_state");
}

TEST_F(FilesBetweenPeople, AreTakenBackAfterTheyWereSent) {
  const json message = sent(file_content(1000));
  ASSERT_TRUE(
      village.ask("alice-1", "message.unsend", {{"message", message["id"].get<std::string>()}}).contains("result"));
  village.pass_all(kMinuteMs);
  EXPECT_TRUE(blobs.blobs.empty());
  const json after = last("bob-1", kAlice);
  EXPECT_TRUE(after["unsent"]);
  EXPECT_FALSE(after.contains("attachment"));
  EXPECT_EQ(rows("bob-1", tables::kAttachments) + rows("alice-1", tables::kAttachments), 0u);
  EXPECT_EQ(save(message)["error"]["data"]["code"], "not_found");
}

TEST_F(FilesBetweenPeople, ComeWithTheirPreview) {
  meet();
  const Bytes preview = testing::made_preview(160, 120, 5000);
  const json params = {
      {"to", kBob}, {"file", "/home/alice/photo.png"}, {"text", "look"}, {"preview", to_base64(preview)}};
  machine.put("/home/alice/photo.png", file_content(kThreeParts));
  village.begin("alice-1", "attachment.send", params);
  village.device("alice-1").crash_after(8);  // it is kept with what is on its way
  village.pass_all(kMinuteMs);
  village.device("alice-1").crash_after(std::nullopt);
  ASSERT_TRUE(village.until([&] { return last("bob-1", kAlice).contains("attachment"); }));
  const json message = last("bob-1", kAlice);
  const json expected = {{"media_type", "image/jpeg"}, {"width", 160}, {"height", 120}, {"data", to_base64(preview)}};
  EXPECT_EQ(message["attachment"]["preview"], expected);
  EXPECT_EQ(message["text"], "look");
  EXPECT_EQ(last("alice-1", kBob)["attachment"]["preview"], expected);
  EXPECT_EQ(rows("bob-1", tables::kPreviews), 1u);
  EXPECT_EQ(rows("alice-1", tables::kPreviews), 1u);
  EXPECT_EQ(save(message)["result"].value("state", ""), "done");
  // Where many are told at once it is left out.
  const json found = village.ask("bob-1", "search", {{"words", "look"}})["result"]["messages"];
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(found[0].contains("attachment"));
  EXPECT_FALSE(found[0]["attachment"].contains("preview"));
  EXPECT_FALSE(transfers("alice-1").back()["message"]["attachment"].contains("preview"));
  const json id = message["id"];
  ASSERT_TRUE(village.ask("alice-1", "message.unsend", {{"message", id}}).contains("result"));
  village.pass_all(kMinuteMs);
  EXPECT_EQ(rows("bob-1", tables::kPreviews) + rows("alice-1", tables::kPreviews), 0u);
}

TEST_F(FilesBetweenPeople, HaveNoPreviewThatIsNone) {
  meet();
  machine.put("/home/alice/photo.png", file_content(1000));
  for (const Bytes& bad : {testing::made_preview(257, 1), testing::made_preview(1, 1, kMaxPreviewSize + 1), Bytes(9)}) {
    const json params = {{"to", kBob}, {"file", "/home/alice/photo.png"}, {"preview", to_base64(bad)}};
    EXPECT_EQ(village.ask("alice-1", "attachment.send", params)["error"]["data"]["code"], "malformed");
  }
  EXPECT_TRUE(transfers("alice-1").empty());
}

TEST_F(FilesBetweenPeople, ComeWithThePreviewThatWasGivenLast) {
  meet();
  machine.put("/home/alice/photo.png", file_content(1000));
  json params = {{"to", kBob}, {"file", "/home/alice/photo.png"}, {"wait_ms", 0}};
  const auto send_with = [&](const Bytes& preview) {
    params["preview"] = to_base64(preview);
    return village.ask("alice-1", "attachment.send", params)["result"].value("transfer", "");
  };
  village.server.down = true;
  const std::string transfer = send_with(testing::made_preview(16, 16));
  EXPECT_EQ(rows("alice-1", tables::kPreviews), 1u);
  EXPECT_EQ(send_with({}), transfer);
  EXPECT_EQ(rows("alice-1", tables::kPreviews), 0u);
  village.server.down = false;
  ASSERT_TRUE(village.until([&] { return last("bob-1", kAlice).contains("attachment"); }));
  EXPECT_FALSE(last("bob-1", kAlice)["attachment"].contains("preview"));
}

TEST_F(FilesBetweenPeople, ShowNoPreviewBeforeARequestIsAccepted) {
  machine.put("/home/alice/photo.png", file_content(1000));
  const json params = {{"to", kBob},
                       {"file", "/home/alice/photo.png"},
                       {"preview", to_base64(testing::made_preview(16, 16))},
                       {"wait_ms", 600'000}};
  ASSERT_EQ(village.ask("alice-1", "attachment.send", params)["result"].value("state", ""), "done");
  ASSERT_TRUE(village.until([&] { return last("bob-1", kAlice).contains("attachment"); }));
  EXPECT_FALSE(last("bob-1", kAlice)["attachment"].contains("preview"));
  ASSERT_TRUE(village.ask("bob-1", "request.accept", {{"conversation", kAlice}}).contains("result"));
  EXPECT_EQ(last("bob-1", kAlice)["attachment"]["preview"]["width"], 16);
}

TEST_F(FilesBetweenPeople, CannotBeChangedIntoSomethingElse) {
  const json message = sent(file_content(1000));
  const json edited =
      village.ask("alice-1", "message.edit", {{"message", message["id"].get<std::string>()}, {"text", "other words"}});
  EXPECT_EQ(edited["error"]["data"]["code"], "unsupported");
}

TEST_F(FilesBetweenPeople, AreRefusedWhenAPieceIsNotTheSenders) {
  const Bytes content = file_content(kThreeParts);
  const json message = sent(content);
  const Bytes good = blob().bytes;
  const std::size_t chunk = crypto::kStreamSealedChunk;
  blob().bytes[20 * chunk + 5] ^= 1;  // altered
  expect_not_saved(save(message), "crypto_failed", "Piece 21 of 39 is not what " + std::string(kAlice) + " sent");
  blob().bytes = good;  // reordered
  std::swap_ranges(blob().bytes.begin(), blob().bytes.begin() + static_cast<std::ptrdiff_t>(chunk),
                   blob().bytes.begin() + static_cast<std::ptrdiff_t>(chunk));
  expect_not_saved(save(message), "crypto_failed", "Piece 1 of 39");
  blob().bytes = good;  // missing: the server says so
  blob().bytes.erase(blob().bytes.begin() + static_cast<std::ptrdiff_t>(chunk),
                     blob().bytes.begin() + static_cast<std::ptrdiff_t>(2 * chunk));
  blob().size = blob().bytes.size();
  expect_not_saved(save(message), "inconsistent", "Piece 2 of 39 is missing on the server");
  blob().bytes = good;  // truncated, and made up again with another one
  std::copy(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(chunk),
            blob().bytes.end() - static_cast<std::ptrdiff_t>(chunk));
  blob().size = good.size();
  expect_not_saved(save(message), "crypto_failed", "is not what");
  blob().bytes = good;
  blob().bytes.push_back(0);  // extended
  blob().size = blob().bytes.size();
  expect_not_saved(save(message), "inconsistent", "What the server has is longer");
  blob().bytes = good;
  blob().size = good.size();
  EXPECT_EQ(save(message)["result"].value("state", ""), "done");
}

TEST_F(FilesBetweenPeople, NameThePieceThatTheServerHasLost) {
  const json message = sent(file_content(kThreeParts));
  const std::string advice = " of 39 is missing on the server, or it has another one in its place; ask " +
                             std::string(kAlice) + " to send it again.";
  // Part 1 begins in the 16th piece, part 2 in the 32nd; more than one are asked for at once.
  for (const auto& [part, piece] : std::vector<std::pair<std::size_t, std::string>>{{0, "1"}, {1, "16"}, {2, "32"}}) {
    blobs.lost_parts = {part};
    expect_not_saved(save(message), "inconsistent", "photo.png was not saved: Piece " + piece + advice);
  }
  blobs.lost_parts.clear();
  EXPECT_EQ(save(message)["result"].value("state", ""), "done");
}

TEST_F(FilesBetweenPeople, NameThePieceAtWhichTheServerEnds) {
  const json message = sent(file_content(kThreeParts));
  const Bytes good = blob().bytes;
  const std::size_t chunk = crypto::kStreamSealedChunk;
  // In the middle of what is asked for at once, where that begins, in the middle of a piece, and before all.
  for (const auto& [size, piece] : std::vector<std::pair<std::size_t, std::string>>{
           {20 * chunk, "21"}, {30 * chunk, "31"}, {good.size() - 1, "39"}, {3 * chunk + 7, "4"}, {0, "1"}}) {
    blob().bytes.assign(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
    blob().size = size;
    expect_not_saved(save(message), "inconsistent", "Piece " + piece + " of 39 is missing on the server");
  }
  blob().bytes = good;
  blob().size = good.size();
  EXPECT_EQ(save(message)["result"].value("state", ""), "done");
}

TEST_F(FilesBetweenPeople, GoOnWhereEachPieceCanBeHadByItself) {
  const Bytes content = file_content(kThreeParts);
  const json message = sent(content);
  blobs.fails_a_get = true;
  ASSERT_EQ(save(message)["result"].value("state", ""), "done");
  EXPECT_FALSE(blobs.fails_a_get);
  EXPECT_TRUE(machine.files.at("/home/bob/photo.png").bytes == content);
}

TEST_F(FilesBetweenPeople, AreRefusedWhenTheirHashIsAnother) {
  const json message = sent(file_content(kThreeParts));
  auto& store = village.device("bob-1").store();
  const auto all = store.scan(tables::kAttachments, {}, {}, 10);
  ASSERT_EQ(all.size(), 1u);
  auto row = wire::decode<AttachmentRow>(all.front().value).value();
  row.file.hash.mutable_view()[3] ^= 1;
  ASSERT_TRUE(store.apply({{tables::kAttachments, all.front().key, wire::encode(row)}}));
  expect_not_saved(save(message), "inconsistent", "its hash is another one");
}

TEST_F(FilesBetweenPeople, AreRefusedWhenTheyAreLongerThanTheirMessageSays) {
  const json message = sent(file_content(3000));  // padded to 3072
  auto& store = village.device("bob-1").store();
  const auto all = store.scan(tables::kAttachments, {}, {}, 10);
  auto row = wire::decode<AttachmentRow>(all.front().value).value();
  row.file.size = 2990;
  ASSERT_EQ(padded_file_size(2990), padded_file_size(3000));
  ASSERT_TRUE(store.apply({{tables::kAttachments, all.front().key, wire::encode(row)}}));
  expect_not_saved(save(message), "malformed", "longer than its message says");
}

TEST_F(FilesBetweenPeople, AreAskedForAgainWhenTheServerHasThemNoMore) {
  const json message = sent(file_content(1000));
  blobs.blobs.clear();
  expect_not_saved(save(message), "not_found", "ask " + std::string(kAlice) + " to send it again");
}

TEST_F(FilesBetweenPeople, AreNotSentOverTheQuota) {
  meet();
  machine.put("/home/alice/photo.png", file_content(kThreeParts));
  blobs.quota = 1000;
  const json answer = send("/home/alice/photo.png");
  EXPECT_EQ(answer["error"]["data"]["code"], "over_limit");
  EXPECT_EQ(answer["error"]["message"], "The room that this server gives a name for attachments is used up.");
  EXPECT_EQ(messages("alice-1", kBob).size(), 2u);
  const json all = village.ask("alice-1", "read", {{"conversation", kBob}})["result"]["messages"];
  EXPECT_EQ(all.back()["delivery"], "notice");  // who does not wait hears of it too
  EXPECT_EQ(rows("alice-1", tables::kPartDigests), 0u);
}

TEST_F(FilesBetweenPeople, ThatCannotBeReadAreNotSent) {
  meet();
  EXPECT_EQ(send("/home/alice/none")["error"]["data"]["code"], "not_found");
  EXPECT_EQ(send("relative")["error"]["data"]["code"], "malformed");
  EXPECT_EQ(send("/")["error"]["data"]["code"], "malformed");
  const auto before = village.server.elsewhere;
  village.server.elsewhere = [&](const proto::Call& call) -> std::optional<Result<proto::CallReply>> {
    const auto read = call.url == proto::kUrlFileRead ? wire::decode<proto::FileRead>(call.body)
                                                      : Result<proto::FileRead>(fail(ErrorCode::not_found, "other"));
    if (!read || read->path != "/home/alice/huge") return before(call);
    return proto::CallReply{200, wire::encode(proto::FilePiece{{}, kMaxFileSize + 1, {}}), {}};
  };
  const json answer = send("/home/alice/huge");
  EXPECT_EQ(answer["error"]["data"]["code"], "over_limit");
  EXPECT_NE(answer["error"]["message"].get<std::string>().find("at most 4 GiB"), std::string::npos);
  EXPECT_TRUE(blobs.blobs.empty());
}

TEST_F(FilesBetweenPeople, ThatChangeMeanwhileAreNotSent) {
  meet();
  const std::string path = "/home/alice/photo.png";
  for (const bool is_seen : {true, false}) {
    machine.put(path, file_content(kThreeParts));
    std::size_t puts = 0;
    village.server.overhear = [&](const proto::Call& call) {
      if (!call.url.ends_with(proto::kPathBlobPut) || ++puts != 3) return;
      if (is_seen) return machine.put(path, file_content(kThreeParts, 8));
      // The system did not tell, and this process stops: what comes next would be sealed under a nonce that was used.
      machine.change_unseen(path, 10);
      village.device("alice-1").crash_after(0);
    };
    village.begin("alice-1", "attachment.send", {{"to", kBob}, {"file", path}, {"wait_ms", 600'000}});
    village.pass_all(10 * kMinuteMs);
    village.server.overhear = nullptr;
    EXPECT_EQ(transfers("alice-1").size(), is_seen ? 1u : 2u);
    const json status = transfers("alice-1").back();
    EXPECT_EQ(status["state"], "failed") << is_seen;
    EXPECT_EQ(status.value("sentence", ""), "photo.png was not sent: It was changed while it was sent; send it again.");
    EXPECT_TRUE(blobs.blobs.empty()) << is_seen;
  }
  EXPECT_EQ(messages("alice-1", kBob).size(), 2u);
}

TEST_F(FilesBetweenPeople, LeaveNothingOnADiskThatIsFull) {
  const json message = sent(file_content(kThreeParts));
  machine.free_bytes = 1'500'000;
  expect_not_saved(save(message), "storage_full", "The disk is full");
  machine.free_bytes = ~std::uint64_t{0};
  EXPECT_EQ(save(message)["result"].value("state", ""), "done");
}

TEST_F(FilesBetweenPeople, NeverTakeThePlaceOfAnother) {
  const Bytes content = file_content(1000);
  const json message = sent(content, "/home/alice/\u202e.evil name.txt");
  machine.put("/home/bob/_.evil name.txt", to_bytes("mine"));
  machine.put("/home/bob/_.evil name (2).txt", to_bytes("mine too"));
  EXPECT_EQ(save(message)["result"]["path"], "/home/bob/_.evil name (3).txt");
  EXPECT_EQ(as_text(machine.files.at("/home/bob/_.evil name.txt").bytes), "mine");
  EXPECT_EQ(machine.files.at("/home/bob/_.evil name (3).txt").bytes, content);
  const std::string id = message["id"];
  const json exact = village.ask("bob-1", "attachment.save", {{"message", id}, {"file", "/home/bob/_.evil name.txt"}});
  EXPECT_EQ(exact["error"]["data"]["code"], "conflict");
  EXPECT_EQ(village.ask("bob-1", "attachment.save",
                        {{"message", id}, {"file", "/elsewhere/x"}, {"wait_ms", 60'000}})["result"]["path"],
            "/elsewhere/x");
  EXPECT_EQ(village.ask("bob-1", "attachment.save", {{"message", id}})["error"]["data"]["code"], "malformed");
}

TEST_F(FilesBetweenPeople, AreNotFetchedBeforeARequestIsAccepted) {
  machine.put("/home/alice/photo.png", file_content(1000));
  ASSERT_EQ(send("/home/alice/photo.png")["result"].value("state", ""), "done");
  ASSERT_TRUE(village.until([&] { return last("bob-1", kAlice).contains("attachment"); }));
  EXPECT_EQ(save(last("bob-1", kAlice))["error"]["data"]["code"], "invalid_state");
  ASSERT_TRUE(village.ask("bob-1", "request.accept", {{"conversation", kAlice}}).contains("result"));
  EXPECT_EQ(save(last("bob-1", kAlice))["result"].value("state", ""), "done");
}

TEST_F(FilesBetweenPeople, AskedForTwiceAreOnTheirWayOnce) {
  meet();
  machine.put("/home/alice/photo.png", file_content(kThreeParts));
  village.server.down = true;
  for (int i = 0; i < 3; ++i) {
    village.begin("alice-1", "attachment.send", {{"to", kBob}, {"file", "/home/alice/photo.png"}});
  }
  village.pass_all(kSecondMs);
  EXPECT_EQ(transfers("alice-1").size(), 1u);
  village.server.down = false;
  village.pass_all(10 * kMinuteMs);
  EXPECT_EQ(messages("bob-1", kAlice).size(), 3u);
}

TEST_F(FilesBetweenPeople, FollowersHearHowFarTheyAre) {
  const json message = sent(file_content(kThreeParts));
  ASSERT_TRUE(village.ask("bob-1", "follow").contains("result"));
  (void)village.device("bob-1").take_notices();
  ASSERT_EQ(save(message)["result"].value("state", ""), "done");
  std::vector<json> told;
  for (const json& notice : village.device("bob-1").take_notices()) {
    if (notice["method"] == "attachment") told.push_back(notice["params"]);
  }
  ASSERT_GE(told.size(), 3u);
  EXPECT_EQ(told.front()["state"], "running");
  EXPECT_EQ(told.back()["state"], "done");
  EXPECT_GT(told[1]["done"], told[0]["done"]);
}

TEST_F(FilesBetweenPeople, KeysAreWipedWhenTheyAreThere) {
  const json message = sent(file_content(1000));
  ASSERT_EQ(save(message)["result"].value("state", ""), "done");
  for (const std::string device : {"alice-1", "bob-1"}) {
    for (const Row& row : village.device(device).store().scan(tables::kTransfers, {}, {}, 10)) {
      const auto transfer = wire::decode<Transfer>(row.value).value();
      EXPECT_TRUE(equal(transfer.file.key.expose(), Bytes(crypto::StreamKey::kSize)));
      EXPECT_FALSE(transfer.owner.has_value());
    }
  }
  village.pass_all(2 * kDayMs);
  EXPECT_TRUE(transfers("bob-1").empty());
}

}  // namespace
}  // namespace cairn::client
