#include "core/client/content.h"

#include <gtest/gtest.h>

#include "core/base/encoding.h"
#include "core/client/cbor.h"
#include "core/client/preview.h"
#include "tests/support/made_preview.h"
#include "tests/support/mimi_examples.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::client {
namespace {

using namespace std::string_view_literals;
using namespace testing::mimi_examples;

constexpr std::string_view kMarkdown = "text/markdown;variant=GFM-MIMI";

Bytes hex(std::string_view text) { return from_hex(text).value(); }

/// "text: ..." or "type: ..." or "refused: ...".
std::string shown(ByteView bytes) {
  const auto content = decode_content(bytes);
  if (!content) return std::string("refused: ") + content.error().where;
  EXPECT_NE(content->text.has_value(), !content->unknown_type.empty());
  return content->text ? "text: " + content->text->text : "type: " + content->unknown_type;
}
std::string shown(std::string_view encoding) { return shown(hex(encoding)); }

/// A content with these bytes in place of the extensions and the body.
std::string with(std::string_view extensions, std::string_view body) {
  return "8750000102030405060708090a0b0c0d0e0ff640f6f6" + std::string(extensions) + std::string(body);
}
std::string with(std::string_view body) { return with("a0", body); }

std::string text_hex(std::string_view text) {
  CborWriter writer;
  writer.text(text);
  return to_hex(writer.take());
}
std::string bytes_hex(std::string_view bytes) {
  CborWriter writer;
  writer.bytes(as_bytes(bytes));
  return to_hex(writer.take());
}
std::string single(std::string_view media_type, std::string_view content, std::string_view disposition = "01") {
  return "85" + std::string(disposition) + "6001" + text_hex(media_type) + bytes_hex(content);
}
/// `semantics`: "00" choose one, "01" single unit, "02" process all.
std::string multi(std::string_view semantics, std::initializer_list<std::string> parts) {
  std::string out = "85016003" + std::string(semantics) + to_hex(Bytes{static_cast<std::uint8_t>(0x80 + parts.size())});
  for (const std::string& part : parts) out += part;
  return out;
}

TEST(Content, ShowsTheTextExamplesOfTheDraft) {
  EXPECT_EQ(shown(kOriginal), "text: Hi everyone, we just shipped release 2.0. __Good  work__!");
  EXPECT_EQ(shown(kReply), "text: Right on! _Congratulations_ 'all!");
  EXPECT_EQ(shown(kEdit), "text: Right on! _Congratulations_ y'all!");
  EXPECT_EQ(shown(kMention),
            "text: Kudos to [@Alice Smith](mimi://example.com/u/alice-smith) for making the release happen!");
  EXPECT_EQ(shown(kExpiring), "text: __*VPN GOING DOWN*__ I'm rebooting the VPN in ten minutes unless anyone objects.");
  EXPECT_EQ(shown(kReaction), "text: Reaction: \u2764");
  EXPECT_EQ(decode_content(hex(kOriginal))->text->media_type, kMarkdown);
  EXPECT_EQ(to_hex(decode_content(hex(kOriginal))->text->salt), "5eed9406c2545547ab6f09f20a18b003");
}

TEST(Content, ReadsWhatTheExamplesAreAbout) {
  const MessageId original = *MessageId::from(hex("017ce54837404c3696e0c747b985cb172716d0ed0a3d249ca63ace7d82a096f4"));
  const MessageId reply = *MessageId::from(hex("015354973c2b65ca937bf1e035ae53a5ab80e947afa43d46920d4202e5cc0b27"));
  const auto read = [](std::string_view example) { return decode_content(hex(example)).value(); };
  EXPECT_FALSE(read(kOriginal).in_reply_to || read(kOriginal).replaces || read(kOriginal).expires);
  EXPECT_EQ(read(kReply).in_reply_to, original);
  EXPECT_EQ(read(kReaction).reaction, "\u2764");
  EXPECT_EQ(read(kReaction).in_reply_to, original);
  EXPECT_EQ(read(kEdit).replaces, reply);
  EXPECT_FALSE(read(kEdit).is_null);
  EXPECT_EQ(read(kDelete).replaces, reply);
  EXPECT_TRUE(read(kDelete).is_null && read(kUnlike).is_null);
  EXPECT_EQ(read(kExpiring).expires, (Expiration{false, 1'644'390'004}));
  EXPECT_FALSE(read(kMultipart2).reaction);  // several: shown as a text
}

TEST(Content, GivesBackWhatIsSaidAboutMessages) {
  const MessageId one = *MessageId::from(hex("017ce54837404c3696e0c747b985cb172716d0ed0a3d249ca63ace7d82a096f4"));
  const MessageId two = *MessageId::from(hex("015354973c2b65ca937bf1e035ae53a5ab80e947afa43d46920d4202e5cc0b27"));
  TextContent text;
  text.text = "edited";
  text.replaces = one;
  text.in_reply_to = two;
  text.expires = Expiration{true, 86'400};
  const Content read = decode_content(encode_content(text)).value();
  EXPECT_EQ(read.replaces, one);
  EXPECT_EQ(read.in_reply_to, two);
  EXPECT_EQ(read.expires, text.expires);
  const Content reaction = decode_content(encode_content(ReactionContent{{}, one, "+"})).value();
  EXPECT_EQ(reaction.reaction, "+");
  EXPECT_EQ(reaction.in_reply_to, one);
  const Content back = decode_content(encode_content(RetractionContent{{}, one, two, true})).value();
  EXPECT_TRUE(back.is_null);
  EXPECT_EQ(back.replaces, one);
  EXPECT_EQ(back.in_reply_to, two);
  // The draft's own bytes.
  RetractionContent as_example;
  const Bytes salt = hex("0a590d73b2c7761c39168be5ebf7f2e6");
  std::copy(salt.begin(), salt.end(), as_example.salt.begin());
  as_example.replaces = two;
  as_example.in_reply_to = one;
  const std::string made = to_hex(encode_content(as_example));
  EXPECT_EQ(made.substr(0, made.size() - 10), std::string(kDelete).substr(0, made.size() - 10));
  for (const Control& control :
       {Control(StatusReport{{{one, 2}, {two, 1}}}), Control(ExpirySet{7}), Control(LeaveRequest{})}) {
    EXPECT_EQ(decode_content(encode_content({}, control)).value().control, control);
  }
}

TEST(Content, GivesBackAFile) {
  testing::SeededEntropy random(3);
  AttachmentContent made;
  made.file.name = "../a\u202eb.png";
  made.file.media_type = "image/png";
  made.file.size = 123'456;
  made.file.expires_s = 1'800'000'000;
  made.file.domain = "example.org";
  made.file.blob = random_value<proto::BlobId>(random);
  made.file.key = random_secret<crypto::StreamKey>(random);
  made.file.nonce = random_value<crypto::StreamNonce>(random);
  made.file.hash = random_value<Hash>(random);
  made.description = "a photo";
  made.expires = Expiration{true, 60};
  const Bytes bytes = encode_content(made);
  const Content read = decode_content(bytes).value();
  ASSERT_TRUE(read.attachment);
  EXPECT_FALSE(read.text);
  EXPECT_EQ(read.unknown_type, "image/png");
  EXPECT_EQ(read.description, "a photo");
  EXPECT_EQ(read.expires, made.expires);
  EXPECT_EQ(read.attachment->name, "_a_b.png");  // what a sender calls a file is not believed
  made.file.name = read.attachment->name;
  EXPECT_TRUE(equal(wire::encode(*read.attachment), wire::encode(made.file)));
  // An algorithm, a place or a size that this version does not have: its type is shown.
  EXPECT_FALSE(decode_content(hex(kAttachment)).value().attachment);
  made.file.domain = "EXAMPLE.org";
  EXPECT_EQ(decode_content(encode_content(made)).value().unknown_type, "image/png");
  EXPECT_FALSE(decode_content(encode_content(made)).value().attachment);
  made.file.domain = "example.org";
  made.file.size = kMaxFileSize + 1;
  EXPECT_FALSE(decode_content(encode_content(made)).value().attachment);
}

AttachmentContent photo() {
  testing::SeededEntropy random(4);
  AttachmentContent out;
  for (std::size_t i = 0; i < out.salt.size(); ++i) out.salt[i] = static_cast<std::uint8_t>(i);
  out.file.name = "b.png";
  out.file.media_type = "image/png";
  out.file.domain = "example.org";
  out.file.blob = random_value<proto::BlobId>(random);
  out.file.key = random_secret<crypto::StreamKey>(random);
  out.description = "a photo";
  return out;
}

/// The body of that, as a part.
std::string photo_part() { return to_hex(encode_content(photo())).substr(with("").size()); }

TEST(Content, GivesBackAFileWithItsPreview) {
  AttachmentContent made = photo();
  EXPECT_TRUE(decode_content(encode_content(made)).value().preview.empty());
  made.preview = testing::made_preview(160, 120);
  const Bytes bytes = encode_content(made);
  EXPECT_EQ(to_hex(bytes), with(multi("02", {photo_part(), single("image/jpeg", as_text(made.preview), "08")})));
  const Content read = decode_content(bytes).value();
  ASSERT_TRUE(read.attachment);
  EXPECT_TRUE(equal(wire::encode(*read.attachment), wire::encode(made.file)));
  EXPECT_EQ(read.preview, made.preview);
  EXPECT_EQ(read.description, "a photo");
  EXPECT_EQ(read.unknown_type, "image/png");
  EXPECT_FALSE(read.text);
  // The largest that may be, with the longest description.
  made.preview = testing::made_preview(256, 256, kMaxPreviewSize);
  made.description = std::string(kMaxTextSize, 'x');
  EXPECT_EQ(decode_content(encode_content(made)).value().preview.size(), kMaxPreviewSize);
}

TEST(Content, LeavesOutAPreviewThatIsNotToBeShownAndKeepsItsFile) {
  const std::string good = as_text(testing::made_preview(16, 16));
  const auto read = [](std::string_view semantics, const std::string& preview) {
    return decode_content(hex(with(multi(semantics, {photo_part(), preview})))).value();
  };
  EXPECT_FALSE(read("02", single("image/jpeg", good, "08")).preview.empty());
  EXPECT_FALSE(read("01", single("image/jpeg", good, "08")).preview.empty());
  for (const std::string& preview :
       {single("image/jpeg", as_text(testing::made_preview(257, 16)), "08"), single("image/png", good, "08"),
        single("image/jpeg", as_text(testing::made_preview(16, 16, kMaxPreviewSize + 1)), "08"),
        single("image/jpeg", "none", "08"), single("image/jpeg", "", "08")}) {
    EXPECT_TRUE(read("02", preview).attachment);
    EXPECT_TRUE(read("02", preview).preview.empty());
    EXPECT_EQ(read("02", preview).unknown_type, "image/png");
  }
  // In either order.
  const Content turned =
      decode_content(hex(with(multi("02", {single("image/jpeg", good, "08"), photo_part()})))).value();
  EXPECT_TRUE(turned.attachment && !turned.preview.empty());
  EXPECT_EQ(turned.unknown_type, "image/png");
}

TEST(Content, TakesNothingElseForAFileWithItsPreview) {
  const std::string preview = single("image/jpeg", as_text(testing::made_preview(16, 16)), "08");
  const std::string render = single("image/jpeg", as_text(testing::made_preview(16, 16)), "01");
  for (const std::string& body :
       {multi("00", {photo_part(), preview}), multi("02", {photo_part(), render}), multi("02", {preview, preview}),
        multi("02", {photo_part(), photo_part()}), multi("02", {photo_part(), preview, preview}),
        multi("02", {photo_part(), multi("02", {preview, preview})}),
        multi("02", {multi("02", {photo_part(), preview}), preview})}) {
    const Content read = decode_content(hex(with(body))).value();
    EXPECT_FALSE(read.attachment) << body.substr(0, 20);
    EXPECT_TRUE(read.preview.empty() && read.description.empty());
    EXPECT_FALSE(read.text);
  }
  const Content words =
      decode_content(hex(with(multi("02", {photo_part(), single("text/plain", "hi", "08")})))).value();
  EXPECT_FALSE(words.attachment);
  EXPECT_EQ(words.text->text, "[image/png]\nhi");
}

TEST(Previews, AreMeasuredByTheirFrameHeaderAlone) {
  const auto measured = [](const Bytes& jpeg) {
    const auto extent = preview_extent(jpeg);
    return extent ? std::to_string(extent->width) + "x" + std::to_string(extent->height)
                  : std::string(to_string(extent.error().code));
  };
  const auto with_byte = [](std::size_t at, std::uint8_t value) {
    Bytes out = testing::made_preview(3, 256);
    out[at] = value;
    return out;
  };
  EXPECT_EQ(measured(testing::made_preview(256, 1)), "256x1");
  EXPECT_EQ(measured(with_byte(9, 0xc2)), "3x256");  // progressive
  for (const int other : {0xc1, 0xc3, 0xc5, 0xc7, 0xc9, 0xcb, 0xcd, 0xcf})
    EXPECT_EQ(measured(with_byte(9, static_cast<std::uint8_t>(other))), "unsupported") << other;
  EXPECT_EQ(measured(with_byte(12, 12)), "unsupported");  // bits
  EXPECT_EQ(measured(with_byte(17, 4)), "unsupported");   // inks
  EXPECT_EQ(measured(testing::made_preview(257, 1)), "over_limit");
  EXPECT_EQ(measured(testing::made_preview(1, 257)), "over_limit");
  EXPECT_EQ(measured(testing::made_preview(1, 1, kMaxPreviewSize + 1)), "over_limit");
  EXPECT_EQ(measured(testing::made_preview(1, 0)), "malformed");
  EXPECT_EQ(measured(testing::made_preview(0, 1)), "malformed");
  EXPECT_EQ(measured(with_byte(9, 0xda)), "malformed");  // a scan before any frame
  EXPECT_EQ(measured(with_byte(8, 0xfe)), "malformed");
  EXPECT_EQ(measured(with_byte(5, 1)), "malformed");  // a length that is none
  EXPECT_EQ(measured({}), "malformed");
  for (std::size_t size = 0; size < 21; ++size)
    EXPECT_EQ(measured(testing::made_preview(1, 1, size)), "malformed") << size;
}

TEST(Content, NamesTheExamplesThatAreNoText) {
  EXPECT_EQ(shown(kMentionHtml), "type: text/html;charset=utf-8");
  EXPECT_EQ(shown(kDelete), "type: deletion");
  EXPECT_EQ(shown(kUnlike), "type: deletion");
  EXPECT_EQ(shown(kAttachment), "type: video/mp4");
  EXPECT_EQ(shown(kConferencing), "type: external");
  EXPECT_EQ(shown(kMultipart3), "type: text/html;charset=utf-8");
}

TEST(Content, ChoosesTheTextOfTheMultipartExamples) {
  EXPECT_EQ(shown(kMultipart1), "text: # Welcome!");
  EXPECT_EQ(decode_content(hex(kMultipart1))->text->media_type, kMarkdown);
  EXPECT_EQ(shown(kMultipart2), "text: Reaction: \u2764\nReaction: \U0001F973\nReaction: \U0001F91E");
}

TEST(Content, RefusesTheExampleOfDerivedValuesWhichIsNoContent) {
  EXPECT_EQ(shown(kImpliedOriginal), "refused: cbor string length");
  const Bytes bytes = hex(kImpliedOriginal);
  EXPECT_EQ(CborReader(bytes).item(1).value().size(), bytes.size());
}

TEST(Content, GivesBackWhatItWrote) {
  testing::SeededEntropy random(1);
  for (const std::size_t size : {1u, 23u, 24u, 255u, 256u, 16'384u}) {
    TextContent content;
    random.fill(content.salt);
    content.text = std::string(size - 1, 'x') + "!";
    const auto read = decode_content(encode_content(content));
    ASSERT_TRUE(read && read->text);
    EXPECT_EQ(read->text->text, content.text);
    EXPECT_EQ(read->text->salt, content.salt);
    EXPECT_EQ(read->text->media_type, content.media_type);
  }
}

TEST(Content, WritesTheBytesOfTheOriginalExampleWithoutItsExtensions) {
  TextContent content = *decode_content(hex(kOriginal))->text;
  std::string expected(kOriginal);
  const std::size_t extensions = expected.find("f6f6a2") + 4;
  const std::size_t body = expected.rfind("85016001");
  expected.replace(extensions, body - extensions, "a0");
  EXPECT_EQ(to_hex(encode_content(content)), expected);
}

TEST(Content, ShowsPlainTextAndMarkdownOnly) {
  EXPECT_EQ(shown(with(single("text/plain", "a"))), "text: a");
  EXPECT_EQ(shown(with(single("text/plain;charset=utf-8", "a"))), "text: a");
  EXPECT_EQ(shown(with(single("Text/Plain; charset=UTF-8", "a"))), "text: a");
  EXPECT_EQ(shown(with(single("text/markdown;variant=CommonMark", "a"))), "text: a");
  EXPECT_EQ(shown(with(single("text/plain;charset=utf-16", "a"))), "type: text/plain;charset=utf-16");
  EXPECT_EQ(shown(with(single("text/plainish", "a"))), "type: text/plainish");
  EXPECT_EQ(shown(with(single("image/gif", "a"))), "type: image/gif");
  EXPECT_EQ(shown(with(single("", "a"))), "type: empty");
  EXPECT_EQ(shown(with(single("text/plain", ""))), "type: text/plain");
  EXPECT_EQ(shown(with(single("text/plain", "\xc3\x28"))), "type: text/plain");
  EXPECT_EQ(shown(with("83016000")), "type: empty");
}

TEST(Content, DoesNotShowATextThatIsTooLong) {
  EXPECT_EQ(shown(with(single("text/plain", std::string(kMaxTextSize, 'a')))).size(), 6 + kMaxTextSize);
  EXPECT_EQ(shown(with(single("text/plain", std::string(kMaxTextSize + 1, 'a')))), "type: text too long to be shown");
}

TEST(Content, TreatsAnUnknownDispositionAsOneToRender) {
  EXPECT_EQ(shown(with(single("text/plain", "a", "18ff"))), "text: a");
  EXPECT_EQ(shown(with(single("text/plain", "a", "190100"))), "refused: cbor number");
}

TEST(Content, PrefersATextAmongPartsToChooseFrom) {
  const std::string image = single("image/gif", "a");
  EXPECT_EQ(shown(with(multi("00", {image, single("text/plain", "b"), single("text/plain", "c")}))), "text: b");
  EXPECT_EQ(shown(with(multi("00", {image, single("image/png", "b")}))), "type: image/gif");
}

TEST(Content, ShowsASingleUnitOnlyIfAllOfItIsText) {
  const std::string image = single("image/gif", "a");
  const std::string text = single("text/plain", "b");
  EXPECT_EQ(shown(with(multi("01", {text, text}))), "text: b\nb");
  EXPECT_EQ(shown(with(multi("01", {text, image, text}))), "type: image/gif");
  EXPECT_EQ(shown(with(multi("01", {image, text}))), "type: image/gif");
}

TEST(Content, ShowsAsManyPartsAsPossibleOfThoseToProcessAll) {
  const std::string image = single("image/gif", "a");
  EXPECT_EQ(shown(with(multi("02", {image, single("text/plain", "b"), image, single("text/markdown", "c")}))),
            "text: [image/gif]\nb\n[image/gif]\nc");
  EXPECT_EQ(shown(with(multi("02", {image, single("image/png", "b")}))), "type: image/gif");
  const auto mixed = decode_content(hex(with(multi("02", {single("text/plain", "b"), single("text/markdown", "c")}))));
  EXPECT_EQ(mixed->text->media_type, "text/plain;charset=utf-8");
}

TEST(Content, FollowsPartsFourDeepAndNoDeeper) {
  const std::string text = single("text/plain", "a");
  const std::string image = single("image/gif", "b");
  const std::string two = multi("00", {image, text});
  const std::string three = multi("00", {image, two});
  EXPECT_EQ(shown(with(multi("00", {three, image}))), "text: a");
  EXPECT_EQ(shown(with(multi("00", {multi("00", {three, image}), image}))), "refused: content parts");
}

TEST(Content, RefusesPartsOfAWrongShape) {
  EXPECT_EQ(shown(with(multi("03", {single("a/b", "c"), single("a/b", "c")}))), "refused: cbor number");
  EXPECT_EQ(shown(with(multi("00", {single("a/b", "c")}))), "refused: content multipart");
  EXPECT_EQ(shown(with("8401600000")), "refused: content part fields");
  EXPECT_EQ(shown(with("83016001")), "refused: content part fields");
  EXPECT_EQ(shown(with("83016004")), "refused: cbor number");
  EXPECT_EQ(shown(with(single(std::string(kMaxMediaTypeSize + 1, 'a'), "c"))), "refused: cbor string length");
}

TEST(Content, RefusesTooManyParts) {
  const auto many = [](unsigned count) {
    std::string body =
        "8501600302"
        "99" +
        to_hex(Bytes{static_cast<std::uint8_t>(count >> 8), static_cast<std::uint8_t>(count)});
    for (unsigned i = 0; i < count; ++i) body += "83016000";
    return shown(with(body));
  };
  EXPECT_EQ(many(kMaxParts - 1), "type: empty");
  EXPECT_EQ(many(kMaxParts), "refused: content parts");
  EXPECT_EQ(many(kMaxParts + 1), "refused: cbor array");
}

TEST(Content, ToleratesExtensionsThatItDoesNotKnow) {
  const std::string text = single("text/plain", "a");
  EXPECT_EQ(shown(with("a3"
                       "0a"
                       "8181c000"
                       "2000"
                       "617a"
                       "a14100f97e00",
                       text)),
            "text: a");
  EXPECT_EQ(shown(with("a1"
                       "0a"
                       "8181c080",
                       text)),
            "refused: cbor depth");
  EXPECT_EQ(shown(with("a1"
                       "4100"
                       "00",
                       text)),
            "refused: extension key type");
  EXPECT_EQ(shown(with("a1"
                       "60"
                       "00",
                       text)),
            "refused: extension key");
  EXPECT_EQ(shown(with("a1" + text_hex(std::string(255, 'k')) + "00", text)), "text: a");
  EXPECT_EQ(shown(with("a1" + text_hex(std::string(256, 'k')) + "00", text)), "refused: cbor string length");
  EXPECT_EQ(shown(with("a2"
                       "0100"
                       "0100",
                       text)),
            "refused: cbor key order");
}

TEST(Content, RefusesFieldsOfAWrongShape) {
  const std::string body = "a0" + single("text/plain", "a");
  const std::string salt = "50000102030405060708090a0b0c0d0e0f";
  const std::string id = "582001" + std::string(62, '0');
  EXPECT_EQ(shown("87" + salt + id +
                  "40"
                  "f6" +
                  id + body),
            "text: a");
  EXPECT_EQ(shown("87" + salt + "582002" + std::string(62, '0') + "40f6f6" + body), "refused: message id");
  EXPECT_EQ(shown("87" + salt +
                  "4101"
                  "40f6f6" +
                  body),
            "refused: message id");
  EXPECT_EQ(shown("87"
                  "4100"
                  "f640f6f6" +
                  body),
            "refused: content salt");
  EXPECT_EQ(shown("87" + salt +
                  "f640"
                  "82f51a00010000"
                  "f6" +
                  body),
            "text: a");
  EXPECT_EQ(shown("87" + salt +
                  "f640"
                  "82f51b0000000100000000"
                  "f6" +
                  body),
            "refused: cbor number");
  EXPECT_EQ(shown("87" + salt +
                  "f640"
                  "8200"
                  "00"
                  "f6" +
                  body),
            "refused: cbor type");
  EXPECT_EQ(shown("87" + salt +
                  "f640"
                  "81f5"
                  "f6" +
                  body),
            "refused: content expiration");
  EXPECT_EQ(shown("86" + salt +
                  "f640f6f6"
                  "a0"),
            "refused: content fields");
}

TEST(Content, RefusesEveryTruncationAndEveryExtensionOfTheExamples) {
  for (const std::string_view example :
       {kOriginal, kReply, kReaction, kMention, kMentionHtml, kEdit, kDelete, kUnlike, kExpiring, kAttachment,
        kConferencing, kMultipart1, kMultipart2, kMultipart3}) {
    const Bytes bytes = hex(example);
    ASSERT_TRUE(decode_content(bytes));
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(decode_content(ByteView(bytes).first(size)).has_value());
    }
    EXPECT_FALSE(decode_content(concat({bytes, Bytes{0}})).has_value());
  }
}

TEST(Content, RefusesWhatIsLargerThanAMessageMayBe) {
  EXPECT_EQ(decode_content(Bytes(kMaxContentSize + 1)).error().code, ErrorCode::over_limit);
}

TEST(Plaintext, GivesBackWhatItWrote) {
  directory::Gossip gossip{"example.org/cairn", {7, {}}};
  gossip.tree.root.mutable_view()[0] = 9;
  TextContent content;
  content.text = "hello";
  const SecretBytes bytes = encode_plaintext({gossip, gossip}, encode_content(content));
  const auto read = decode_plaintext(bytes.expose());
  ASSERT_TRUE(read && read->content.text);
  EXPECT_EQ(read->gossip, (std::vector<directory::Gossip>{gossip, gossip}));
  EXPECT_EQ(read->content.text->text, "hello");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_plaintext(bytes.expose().first(size)).has_value());
  }
  EXPECT_FALSE(decode_plaintext(concat({bytes.expose(), Bytes{0}})).has_value());
}

TEST(Content, CarriesWhatDevicesSayToEachOtherUnseen) {
  NoteRequest request;
  request.device.mutable_view()[3] = 7;
  request.gossip = {"example.org/cairn", {5, {}}};
  for (const Control& control : {Control(request), Control(NoteAnswer{"a note"})}) {
    const auto read = decode_content(encode_content({1, 2, 3}, control));
    ASSERT_TRUE(read && read->control);
    EXPECT_EQ(*read->control, control);
    EXPECT_FALSE(read->text);
  }
  // Of such a type and nothing that we know: what any unknown type is.
  const auto odd = decode_content(hex(with(single(NoteRequest::kMediaType, "x"))));
  ASSERT_TRUE(odd);
  EXPECT_FALSE(odd->control);
  EXPECT_EQ(odd->unknown_type, NoteRequest::kMediaType);
  // One part of several is said to people.
  const std::string note = single(NoteAnswer::kMediaType, as_text(wire::encode(NoteAnswer{"a note"})));
  const auto beside = decode_content(hex(with(multi("02", {note, single("text/plain", "hi")}))));
  ASSERT_TRUE(beside);
  EXPECT_FALSE(beside->control);
}

TEST(Plaintext, CarriesTheFirstCheckpointsOfMoreThanItCan) {
  std::vector<directory::Gossip> gossip;
  for (std::size_t i = 0; i <= kMaxGossips; ++i) gossip.push_back({"a.b/cairn", {i, {}}});
  const auto read = decode_plaintext(encode_plaintext(gossip, hex(kOriginal)).expose());
  ASSERT_TRUE(read);
  gossip.pop_back();
  EXPECT_EQ(read->gossip, gossip);
}

TEST(Plaintext, RefusesMoreGossipThanAMessageMayCarry) {
  wire::Writer w;
  w.vector(std::vector<directory::Gossip>(kMaxGossips + 1, {"a.b/cairn", {}}));
  w.opaque(hex(kOriginal));
  EXPECT_EQ(decode_plaintext(w.view()).error().code, ErrorCode::over_limit);
}

}  // namespace
}  // namespace cairn::client
