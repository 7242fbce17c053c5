// The log: roots, proofs, tiles, checkpoints and cosignatures.
#include "core/tlog/tile.h"
#include "tests/vectors/make_directory/maker.h"

namespace cairn::testing {
namespace {

constexpr std::uint64_t kSize = 300;

class NoTiles : public tlog::TileReader {
 public:
  Result<Bytes> tile(const tlog::TileId&) const override { return fail(ErrorCode::not_found, "no tiles"); }
};

Json hashes(const std::vector<Hash>& values) {
  Json out = Json::array();
  for (const Hash& value : values) out.push_back(hex(value));
  return out;
}

Json make_tiles(const NaiveLog& log) {
  Json out = Json::array();
  const auto put = [&](const tlog::TileId& id, ByteView bytes) {
    out.push_back({{"path", id.path()}, {"data", hex(bytes)}});
  };
  std::vector<Hash> leaves;
  for (std::uint64_t i = 0; i < kSize; ++i) leaves.push_back(log.leaf(i));
  for (std::uint64_t i = 0; i * tlog::kTileWidth < kSize; ++i) {
    const std::uint16_t width = tlog::tile_width(kSize, 0, i);
    const std::span all(log.entries);
    put({tlog::TileKind::entries, 0, i, width},
        tlog::encode_bundle(all.subspan(static_cast<std::size_t>(i) * tlog::kTileWidth, width)));
  }
  const auto tiles = tlog::grow(NoTiles(), 0, leaves);
  hold(tiles.has_value(), "tiles");
  for (const tlog::Tile& tile : *tiles) put(tile.id, tile.bytes);
  return out;
}

/// Checkpoints of one domain's log, by its log key and under its policy.
class Checkpoints {
 public:
  explicit Checkpoints(const TestDomain& domain) : domain_(domain) {}

  void take(std::string_view what, const std::string& note) {
    const auto checkpoint = tlog::SignedCheckpoint::parse(note, tlog::ExtensionLines::refuse);
    hold(checkpoint.has_value(), what);
    const auto cosigned = tlog::CosignedCheckpoint::verify(*checkpoint, *domain_.policy, domain_.now);
    hold(cosigned.has_value() && judge(note), what);
    Json item = item_of(what);
    item["note"] = note;
    item["size"] = cosigned->tree().size;
    item["root"] = hex(cosigned->tree().root);
    item["time_s"] = cosigned->time_s();
    items_.push_back(std::move(item));
  }
  void refuse(std::string_view what, std::string_view rule, const std::string& note) {
    hold(!judge(note), what);
    Json item = item_of(what, rule);
    item["note"] = note;
    items_.push_back(std::move(item));
  }
  Json take_all() { return std::move(items_); }

 private:
  bool judge(const std::string& note) const {
    const auto checkpoint = tlog::SignedCheckpoint::parse(note, tlog::ExtensionLines::refuse);
    const tlog::VerifierKey key(*tlog::KeyName::from(domain_.config.origin), tlog::SignatureType::ed25519,
                                domain_.log_key.public_key());
    return checkpoint && tlog::VerifiedCheckpoint::verify(*checkpoint, key) &&
           checkpoint->claim().origin == domain_.config.origin &&
           tlog::CosignedCheckpoint::verify(*checkpoint, *domain_.policy, domain_.now);
  }

  const TestDomain& domain_;
  Json items_ = Json::array();
};

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  const std::size_t at = text.find(what);
  hold(at != std::string::npos, what);
  return text.replace(at, what.size(), with);
}

/// How a note and its lines are spelled, beside `good`, which all have cosigned.
void note_edges(Checkpoints& out, const TestDomain& domain, const std::string& good) {
  const auto head = domain.log_head();
  const auto own = tlog::SignedCheckpoint::sign({domain.config.origin, head, {}}, domain.log_key);
  const TestCosigner& last = domain.cosigners[3];
  const std::string quorum = domain.checkpoint({0, 1, 2});
  const tlog::NoteSignature line = tlog::cosign(last.name, last.key, domain.now.ms / kSecondMs, own.note().text);
  const Bytes wrong(line.signature.size(), 7);
  out.take("a line with the name of a cosigner alone is not its",
           quorum + tlog::NoteSignature{line.key_name, line.key_id ^ 1, wrong}.line());
  out.take("a line with the id of a cosigner alone is not its",
           quorum + tlog::NoteSignature{*tlog::KeyName::from("other.example"), line.key_id, wrong}.line());
  out.take("a cosignature of time 1", quorum + tlog::cosign(last.name, last.key, 1, own.note().text).line());
  out.take("a cosignature of time 2^63 - 1",
           quorum + tlog::cosign(last.name, last.key, tlog::kMaxCosignatureTime, own.note().text).line());
  const std::string dash = "\xe2\x80\x94 ";
  out.take("a character U+007F in the name of a key", good + dash + "a\x7f AAAAAAA=\n");
  out.refuse("the name of a key with a plus", "format", good + dash + "a+b AAAAAAA=\n");
  out.refuse("the name of a key with a blank that is none of ASCII's", "format", good + dash + "a\xc2\xa0z AAAAAAA=\n");
  out.refuse("an empty name of a key", "format", good + dash + " AAAAAAA=\n");
  out.refuse("a line of the id alone", "format", good + dash + "other.example AAAAAA==\n");
  out.refuse("an empty first line", "format", replaced(good, domain.config.origin + "\n", "\n"));
  out.refuse("a size with a sign", "format",
             replaced(good, "\n" + std::to_string(head.size) + "\n", "\n+" + std::to_string(head.size) + "\n"));
  for (const std::size_t size : {std::size_t{31}, std::size_t{33}}) {
    out.refuse("a root of " + std::to_string(size) + " bytes", "format",
               replaced(good, to_base64(head.root), to_base64(Bytes(size, 7))));
  }
}

Json make_checkpoints(const TestDomain& domain) {
  Checkpoints out(domain);
  const std::uint64_t now_s = domain.now.ms / kSecondMs;
  const std::string origin = domain.config.origin;
  const auto head = domain.log_head();
  const auto own = tlog::SignedCheckpoint::sign({origin, head, {}}, domain.log_key);
  const std::string good = domain.checkpoint();
  out.take("all cosigned", good);
  out.take("the witness and two of three auditors", domain.checkpoint({0, 1, 3}));
  out.take("at different times: t is that of the last whom the quorum needs",
           domain.checkpoint({0, 1, 2, 3}, {now_s, now_s - 10, now_s - 20, now_s - 30}));
  SeededEntropy entropy(41);
  const auto other_key = crypto::SigningKey::generate(entropy);
  const std::string body = own.note().text;
  const auto name = *tlog::KeyName::from("stranger.example");
  out.take("and a cosigner whom the policy does not know", good + tlog::cosign(name, other_key, now_s, body).line());
  const auto again = tlog::cosign(domain.cosigners[1].name, domain.cosigners[1].key, now_s + 1, body).line();
  out.take("one auditor twice", good + again);
  out.refuse("one auditor twice instead of two", "condition 1", domain.checkpoint({0, 1}) + again);
  out.refuse("one auditor too few", "condition 1", domain.checkpoint({0, 2}));
  out.refuse("no witness", "condition 1", domain.checkpoint({1, 2, 3}));
  out.refuse("the log did not sign", "condition 4",
             domain.cosign(tlog::SignedCheckpoint::sign({origin, head, {}}, other_key)));
  out.refuse("another origin", "condition 4",
             domain.cosign(tlog::SignedCheckpoint::sign({"example.com/cairn", head, {}}, domain.log_key)));
  const auto line = tlog::cosign(domain.cosigners[3].name, domain.cosigners[3].key, now_s, body);
  auto wrong = line;
  wrong.signature[70] ^= 1;
  out.refuse("a wrong cosignature spoils a note that has a quorum without it", "condition 1",
             domain.checkpoint({0, 1, 2}) + wrong.line());
  wrong = line;
  wrong.signature[7] ^= 1;
  out.refuse("another time than the signed one", "condition 1", domain.checkpoint({0, 1, 2}) + wrong.line());
  out.refuse("an extension line", "format",
             domain.cosign(tlog::SignedCheckpoint::sign({origin, head, {"extension"}}, domain.log_key)));
  const std::string size = "\n" + std::to_string(head.size) + "\n";
  out.refuse("a zero before the size", "format", replaced(good, size, "\n0" + size.substr(1)));
  out.refuse("no empty line", "format", replaced(good, "\n\n", "\n"));
  out.refuse("no signature", "format", body + "\n");
  out.refuse("a size beyond 2^63 - 1", "format", replaced(good, size, "\n9223372036854775808\n"));
  wire::Writer at_zero;
  at_zero.u64(0);
  at_zero.raw(ByteView(line.signature).subspan(8));
  wrong = line;
  wrong.signature = at_zero.take();
  out.refuse("a cosignature of time 0", "condition 1", domain.checkpoint({0, 1, 2}) + wrong.line());
  wrong = line;
  wrong.signature[0] = 0x80;
  out.refuse("a cosignature of a time beyond 2^63 - 1", "condition 1", domain.checkpoint({0, 1, 2}) + wrong.line());
  wrong = line;
  wrong.signature.pop_back();
  out.refuse("a cosignature of 71 bytes", "condition 1", domain.checkpoint({0, 1, 2}) + wrong.line());
  auto second = tlog::sign_note(*tlog::KeyName::from(origin), domain.log_key, body);
  out.take("the log's line twice", good + second.line());
  second.signature[9] ^= 1;
  out.refuse("two lines of the log, one of them wrong", "condition 4", good + second.line());
  const std::string far_line = "\xe2\x80\x94 " + std::string(260, 'n') + " AAAAAAA=\n";
  out.refuse("the name of a key of 260 bytes", "format", good + far_line);
  out.refuse("base64 with bits left over", "format", good + "\xe2\x80\x94 other.example AAAAAAB=\n");
  out.take("the name of a key of 259 bytes", good + "\xe2\x80\x94 " + std::string(259, 'n') + " AAAAAAA=\n");
  out.refuse("a carriage return", "format", replaced(good, size, "\r" + size));
  out.refuse("no newline at the end", "format", good.substr(0, good.size() - 1));
  note_edges(out, domain, good);
  return out.take_all();
}

}  // namespace

Json make_tlog() {
  const NaiveLog log(kSize);
  Json entries = Json::array(), roots = Json::array(), inclusion = Json::array(), consistency = Json::array();
  for (const Bytes& entry : log.entries) entries.push_back(hex(entry));
  for (const std::uint64_t size : {0ull, 1ull, 2ull, 3ull, 7ull, 8ull, 255ull, 256ull, 257ull, 300ull}) {
    roots.push_back({{"size", size}, {"root", hex(log.head(size).root)}});
  }
  const std::pair<std::uint64_t, std::uint64_t> places[] = {{0, 1}, {0, 2}, {6, 7}, {3, 8}, {255, 257}, {299, 300}};
  for (const auto& [index, size] : places) {
    const auto proof = tlog::prove_inclusion(log, index, size);
    hold(proof && verify_inclusion(*proof, log.leaf(index), index, log.head(size)), "inclusion");
    inclusion.push_back({{"index", index}, {"size", size}, {"proof", hashes(proof->hashes)}});
  }
  const std::pair<std::uint64_t, std::uint64_t> growths[] = {{0, 7}, {1, 2},     {3, 7},    {4, 7},
                                                             {8, 8}, {255, 300}, {256, 300}};
  for (const auto& [old, size] : growths) {
    const auto proof = tlog::prove_consistency(log, old, size);
    hold(proof && verify_consistency(*proof, log.head(old), log.head(size)), "consistency");
    consistency.push_back({{"old", old}, {"size", size}, {"proof", hashes(proof->hashes)}});
  }
  const std::pair<std::uint64_t, std::uint64_t> steps[] = {{0, 1}, {0, 2},   {0, 300},   {1, 2},    {2, 3},
                                                           {3, 8}, {7, 300}, {255, 256}, {256, 300}};
  Json growth = Json::array();
  for (const auto& [old, size] : steps) {
    const auto proof = tlog::prove_growth(log, old, size);
    tlog::RightEdge edge;
    for (std::uint64_t i = 0; i < old; ++i) edge.append(log.leaf(i));
    hold(proof && verify_growth(*proof, edge, log.leaf(size - 1), log.head(size)), "growth");
    growth.push_back({{"old", old}, {"size", size}, {"hashes", hashes(proof->hashes)}});
  }
  TestDomain domain("example.org", 42);
  domain.publish_changes({});
  domain.publish_changes({});
  const tlog::VerifierKey key(*tlog::KeyName::from(domain.config.origin), tlog::SignatureType::ed25519,
                              domain.log_key.public_key());
  return {{"entries", std::move(entries)},
          {"roots", std::move(roots)},
          {"inclusion", std::move(inclusion)},
          {"consistency", std::move(consistency)},
          {"growth", std::move(growth)},
          {"tiles", make_tiles(log)},
          {"log_vkey", key.to_text()},
          {"policy", domain.policy_text},
          {"checkpoints", make_checkpoints(domain)}};
}

}  // namespace cairn::testing
