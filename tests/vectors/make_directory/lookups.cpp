// Answers to lookups: what a client takes over, and for each condition answers that break just it.
#include <algorithm>

#include "tests/vectors/make_directory/lookups.h"

namespace cairn::testing {
namespace {

using namespace directory;

void conditions_1_and_2(Lookups& out) {
  const TestDomain& domain = out.domain;
  const std::uint64_t now_s = domain.now.ms / kSecondMs;
  LookupResponse response = out.answer();
  const auto with = [&](std::string checkpoint) {
    response.checkpoint = std::move(checkpoint);
    return response;
  };
  out.refuse("one auditor too few", "condition 1", with(domain.checkpoint({0, 1})));
  auto own = tlog::SignedCheckpoint::sign({domain.config.origin, domain.log_head(), {}}, domain.log_key);
  auto wrong = tlog::cosign(domain.cosigners[3].name, domain.cosigners[3].key, now_s, own.note().text);
  wrong.signature[20] ^= 1;
  out.refuse("a wrong cosignature beside a quorum", "condition 1", with(domain.checkpoint({0, 1, 2}) + wrong.line()));
  const std::uint64_t old_s = now_s - kDayMs / kSecondMs;
  out.refuse("a day and a second old", "condition 2",
             with(domain.checkpoint({0, 1, 2, 3}, {now_s, now_s, old_s - 1, old_s - 1})));
  out.refuse("the quorum stands by a cosignature that is too far ahead", "condition 2",
             with(domain.checkpoint({0, 1, 2}, {now_s, now_s, now_s + 301})));
}

/// A note of so many signature lines: those of `checkpoint`, then of keys that no policy names.
std::string with_lines(std::string checkpoint, std::size_t count) {
  const auto begin = checkpoint.rfind("\n\n") + 2;
  auto lines = static_cast<std::size_t>(
      std::count(checkpoint.begin() + static_cast<std::ptrdiff_t>(begin), checkpoint.end(), '\n'));
  for (; lines < count; ++lines) {
    const auto name = tlog::KeyName::from("other" + std::to_string(lines));
    checkpoint += tlog::NoteSignature{*name, static_cast<std::uint32_t>(lines), Bytes(64, 7)}.line();
  }
  return checkpoint;
}

void note_limits(Lookups& out) {
  LookupResponse response = out.answer();
  response.checkpoint = with_lines(out.domain.checkpoint({0, 1, 2}), tlog::kMaxNoteSignatures + 1);
  out.refuse("65 signature lines", "condition 1", response);
  const Lookups::Client before = out.client();
  response.checkpoint = with_lines(out.domain.checkpoint({0, 1, 2}), tlog::kMaxNoteSignatures);
  out.take("64 signature lines", response);
  out.be(before);
}

/// Times at which an answer is just taken.
void last_moments(Lookups& out) {
  const TestDomain& domain = out.domain;
  const std::uint64_t now_s = domain.now.ms / kSecondMs, day_s = kDayMs / kSecondMs;
  const Lookups::Client before = out.client();
  LookupResponse response = out.answer();
  const auto take = [&](std::string_view what, std::string checkpoint) {
    response.checkpoint = std::move(checkpoint);
    out.take(what, response);
    out.be(before);
  };
  const std::uint64_t then_s = now_s - day_s;
  take("exactly 24 hours old", domain.checkpoint({0, 1, 2}, {then_s, then_s, then_s}));
  take("the quorum stands by a cosignature exactly five minutes ahead",
       domain.checkpoint({0, 1, 2}, {now_s, now_s, now_s + 300}));
  const auto own = tlog::SignedCheckpoint::sign({domain.config.origin, domain.log_head(), {}}, domain.log_key);
  const auto line = [&](std::uint64_t time_s) {
    return tlog::cosign(domain.cosigners[1].name, domain.cosigners[1].key, time_s, own.note().text).line();
  };
  take("two lines of one auditor, the later one fresh",
       domain.checkpoint({0, 2}) + line(now_s - 2 * day_s) + line(now_s - 1));
  take("two lines of one auditor, one of them too far ahead",
       domain.checkpoint({0, 2}) + line(now_s - 2) + line(now_s + 301));
}

/// The clock of a client that has seen a later time was set back.
void clock_set_back(Lookups& out) {
  TestDomain& domain = out.domain;
  const Time now = domain.now;
  const Lookups::Client before = out.client();
  const std::uint64_t now_s = now.ms / kSecondMs, old_s = now_s - kDayMs / kSecondMs - 1;
  LookupResponse response = out.answer();
  domain.now = Time{now.ms - 2 * kDayMs};
  response.checkpoint = domain.checkpoint({0, 1, 2}, {old_s, old_s, old_s});
  out.refuse("a day and a second before the greatest time ever seen, by a clock that was set back", "condition 2",
             response);
  response.checkpoint = domain.checkpoint({0, 1, 2}, {now_s, now_s, now_s + 300});
  out.take("ahead of a clock that was set back, and not of the greatest time ever seen", response);
  out.be(before);
  domain.now = now;
}

void refuse_forms(Lookups& out) {
  LookupResponse response = out.answer();
  Bytes bytes = wire::encode(response);
  bytes[response.checkpoint.size() + 2] = 2;  // after a length of two bytes
  out.refuse_bytes("a record of version 2", bytes);
  response.config->min_reset_delay_s = kMinResetDelayS - 1;
  out.refuse_bytes("a config whose delay is below three days", wire::encode(response));
  response.config->min_reset_delay_s = kMaxResetDelayS + 1;
  out.refuse_bytes("a config whose delay is above sixty days", wire::encode(response));
  response = out.answer();
  response.config->origin = "example.org/other";
  out.refuse_bytes("a config whose origin is none", wire::encode(response));
}

/// So many witnesses, called x0, x1, ...
std::string more_witnesses(std::size_t count) {
  SeededEntropy entropy(64);
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name = "x" + std::to_string(i);
    const tlog::VerifierKey key(*tlog::KeyName::from(name), tlog::SignatureType::cosignature_v1,
                                crypto::SigningKey::generate(entropy).public_key());
    out += "witness " + name + " " + key.to_text() + "\n";
  }
  return out;
}

/// The group auditors in so many groups, of which each is the only member of the next.
std::string nested_groups(std::size_t count) {
  std::string out = "group auditors 2 w0 w1\n", inner = "auditors";
  for (std::size_t i = 1; i < count; ++i) {
    const std::string outer = "g" + std::to_string(i);
    out += "group " + outer + " any " + inner + "\n";
    inner = outer;
  }
  return out + "quorum " + inner + "\n";
}

/// Of a cosigner's key, under the first of the names that end in a number in whose id there is a letter.
std::string vkey_with_letter(const TestCosigner& cosigner) {
  for (int number = 0;; ++number) {
    const auto name = tlog::KeyName::from(cosigner.name.text() + std::to_string(number));
    const tlog::VerifierKey key(*name, tlog::SignatureType::cosignature_v1, cosigner.verifier().key());
    const std::string out = key.to_text(), id = out.substr(out.find('+') + 1, 8);
    if (id.find_first_of("abcdef") != std::string::npos) return out;
  }
}

std::string with_upper_id(std::string vkey) {
  const std::size_t id = vkey.find('+') + 1;
  for (std::size_t i = id; i < id + 8; ++i) {
    if (vkey[i] >= 'a') vkey[i] = static_cast<char>(vkey[i] - 'a' + 'A');
  }
  return vkey;
}

/// After three lines of witnesses, w0 to w2. `add` takes what it is, the lines, and whether a client may have them.
void policy_edges(const TestDomain& domain, const auto& add) {
  const std::string good = "group auditors 2 w0 w1 w2\nquorum auditors\n";
  const TestCosigner& last = domain.cosigners[3];
  const std::string vkey = last.verifier().to_text();
  add("a witness with an address", "witness w3 " + vkey + " https://w3.example\n" + good, true);
  add("a witness with an item too many", "witness w3 " + vkey + " https://w3.example more\n" + good, false);
  add("a witness without a key", "witness w3\n" + good, false);
  add("a quorum with an item too many", "group auditors 2 w0 w1 w2\nquorum auditors w0\n", false);
  add("a group without members", "group auditors 1\nquorum auditors\n", false);
  add("any of one auditor", "group auditors any w0\nquorum auditors\n", true);
  add("two of two and one of one, one in the other",
      "group auditors all w0 w1\ngroup inner 2 auditors w2\ngroup outer 1 inner\nquorum outer\n", true);
  add("64 groups", nested_groups(tlog::kMaxPolicyGroups), true);
  add("65 groups", nested_groups(tlog::kMaxPolicyGroups + 1), false);
  add("64 witnesses", more_witnesses(tlog::kMaxPolicyWitnesses - 3) + good, true);
  add("65 witnesses", more_witnesses(tlog::kMaxPolicyWitnesses - 2) + good, false);
  add("a witness called none", "witness none " + vkey + "\n" + good, false);
  add("two witnesses of one name", "witness w0 " + vkey + "\n" + good, false);
  add("two groups of one name", "group auditors all w0\ngroup auditors all w1\nquorum auditors\n", false);
  add("a number with a zero before it", "group auditors 02 w0 w1 w2\nquorum auditors\n", false);
  add("a character U+007F", "# \x7f\n" + good, false);
  const std::string lower = vkey_with_letter(last), upper = with_upper_id(lower);
  add("a vkey whose id is in lower case", "witness w3 " + lower + "\n" + good, true);
  add("the same vkey, its id in upper case", "witness w3 " + upper + "\n" + good, false);
  PublicKey small;
  small.mutable_view()[0] = 1;
  const tlog::VerifierKey identity(last.name, tlog::SignatureType::cosignature_v1, small);
  add("a witness whose key is of small order", "witness w3 " + identity.to_text() + "\n" + good, true);
}

/// Policies that a client may have, and such as C2SP allows and it may not, or that are none.
Json make_policies(const TestDomain& domain) {
  std::string witnesses;
  for (int i = 0; i < 3; ++i) {
    witnesses += "witness w" + std::to_string(i) + " " +
                 domain.cosigners[static_cast<std::size_t>(i)].verifier().to_text() + "\n";
  }
  const std::string again = "witness again " + domain.cosigners[0].verifier().to_text() + "\n";
  Json out = Json::array();
  const auto add = [&](std::string_view what, const std::string& lines, bool good) {
    const std::string text = witnesses + lines;
    hold(tlog::ClientPolicy::parse(text).has_value() == good, what);
    Json item = {{"what", what}, {"text", text}};
    if (!good) item["rule"] = "policy";
    out.push_back(std::move(item));
  };
  add("the auditors are the quorum", "group auditors 2 w0 w1 w2\nquorum auditors\n", true);
  add("the auditors stand in the quorum", "group auditors all w0 w1\ngroup q all auditors w2\nquorum q\n", true);
  add("half the auditors", "group auditors 1 w0 w1\nquorum auditors\n", false);
  add("any of two auditors", "group auditors any w0 w1\nquorum auditors\n", false);
  add("no group auditors", "group q all w0 w1 w2\nquorum q\n", false);
  add("the auditors are beside the quorum", "group auditors all w0 w1\nquorum w2\n", false);
  add("the auditors are in a group that does without them",
      "group auditors all w0 w1\ngroup q any auditors w2\nquorum q\n", false);
  add("a group among the auditors", "group g all w0 w1\ngroup auditors all g w2\nquorum auditors\n", false);
  add("one key under two names", again + "group auditors all w0 again\nquorum auditors\n", false);
  add("a member of two groups", "group g all w0 w1\ngroup auditors all w0 w2\nquorum auditors\n", false);
  add("more than there are", "group auditors 4 w0 w1 w2\nquorum auditors\n", false);
  add("none of them", "group auditors 0 w0 w1 w2\nquorum auditors\n", false);
  add("a number that is none", "group auditors two w0 w1 w2\nquorum auditors\n", false);
  add("no quorum", "group auditors 2 w0 w1 w2\n", false);
  const std::string good = "group auditors 2 w0 w1 w2\nquorum auditors\n";
  const auto vkey = [&](tlog::SignatureType type) {
    return tlog::VerifierKey(domain.cosigners[3].name, type, domain.cosigners[3].key.public_key()).to_text();
  };
  add("a comment, and blanks between items", "  # nothing\ngroup\tauditors  2 w0 w1 w2 \nquorum auditors\n", true);
  add("a log line", "log " + vkey(tlog::SignatureType::ed25519) + "\n" + good, false);
  add("a log's key as a witness", "witness w3 " + vkey(tlog::SignatureType::ed25519) + "\n" + good, false);
  std::string other_id = vkey(tlog::SignatureType::cosignature_v1);
  char& digit = other_id[other_id.find('+') + 1];
  digit = digit == '0' ? '1' : '0';
  add("a vkey with another id", "witness w3 " + other_id + "\n" + good, false);
  add("two quorums", good + "quorum auditors\n", false);
  add("a quorum of none", "group auditors 2 w0 w1 w2\nquorum none\n", false);
  add("a member that is not defined", "group auditors 2 w0 w1 w7\nquorum auditors\n", false);
  add("a quorum that is not defined", "group auditors 2 w0 w1 w2\nquorum others\n", false);
  add("a quorum before its group", "quorum auditors\ngroup auditors 2 w0 w1 w2\n", false);
  add("one member twice", "group auditors 2 w0 w0 w1\nquorum auditors\n", false);
  add("a group called like a witness", "group w2 all w0 w1\n" + good, false);
  add("a group called none", "group none all w0\ngroup auditors all w1 w2\nquorum auditors\n", false);
  add("another line", good + "threshold 2\n", false);
  add("a carriage return", "group auditors 2 w0 w1 w2\r\nquorum auditors\r\n", false);
  add("no newline at the end", good.substr(0, good.size() - 1), false);
  policy_edges(domain, add);
  return out;
}

void condition_4(Lookups& out) {
  TestDomain& domain = out.domain;
  LookupResponse response = out.answer();
  response.record.names += 1;
  out.refuse("a record that is not in the log", "condition 4", response);
  response = out.answer();
  response.record = domain.records.front();
  response.growth = {};
  out.refuse("an older record", "condition 4", response);
  EpochRecord record = domain.records.back();
  record.epoch += 1;
  out.refuse("a record that names another epoch", "condition 4", out.answer_with(record));
  response = out.answer();
  response.config->min_reset_delay_s += 1;
  out.refuse("a config that is not the record's", "condition 4", response);
  response = out.answer();
  response.config.reset();
  out.refuse("no config where none is known", "condition 4", response);
  response = out.answer();
  const auto key = crypto::SigningKey::generate(domain.entropy);
  response.checkpoint = domain.cosign(tlog::SignedCheckpoint::sign({domain.config.origin, domain.log_head(), {}}, key));
  out.refuse("a checkpoint that the log did not sign", "condition 4", response);
  response.checkpoint =
      domain.cosign(tlog::SignedCheckpoint::sign({"example.com/cairn", domain.log_head(), {}}, domain.log_key));
  out.refuse("the checkpoint of another origin", "condition 4", response);
  const DirectoryConfig honest = domain.config;
  domain.config.vrf_key = crypto::VrfPublicKey{};
  record = domain.records.back();
  record.config = domain.config.hash();
  out.refuse("a VRF key of small order", "condition 4", out.answer_with(record));
  domain.config = honest;
}

void conditions_5_6_and_8(Lookups& out, const TestDevice& device) {
  TestDomain& domain = out.domain;
  LookupResponse response = out.answer();
  response.vrf_proof = domain.vrf(out.bob.name()).proof;
  out.refuse("the VRF proof of another name", "condition 5", response);
  response = out.answer();
  response.map_proof = domain.map.prove(domain.key_of(out.bob.name()));
  out.refuse("the map proof of another key", "condition 5", response);
  response = out.answer();
  response.map_proof.end = MapProof::End::empty;
  out.refuse("that a name that is there is not", "condition 5", response);
  response = out.answer();
  response.statements.clear();
  out.refuse("no statements", "condition 6", response);
  response = out.answer();
  response.statements.push_back(out.alice.add(out.alice.new_device(), device));
  out.refuse("a statement that is not published", "condition 6", response);
  NameLeaf lie = out.leaf();
  lie.head.mutable_view()[0] ^= 1;
  out.refuse("another head in the map", "condition 6", out.answer_with_leaf(lie));
  response = out.answer_with_leaf(NameLeaf{});
  response.statements.clear();
  out.refuse("a leaf of zeros", "condition 6", response);
  const auto honest = out.entry().statements;
  out.entry().statements = out.bob.statements;
  out.refuse("the chain of another name", "condition 8", out.answer_with_leaf({1, out.bob.state.head(), {}, {}}));
  out.entry().statements = honest;
}

/// What a client refuses that has seen an earlier state of the log.
void refuse_known(Lookups& out) {
  LookupResponse response = out.answer();
  response.growth.hashes.clear();
  out.refuse("growth without its hashes", "condition 3", response);
  response = out.answer();
  response.growth.hashes[0].mutable_view()[0] ^= 1;
  out.refuse("another growth", "condition 3", response);
  response = out.answer();
  response.record.names += 1;
  out.refuse("growth to another record", "condition 3", response);
  response = out.answer();
  response.config = out.domain.config;
  out.refuse("a config where one is known", "condition 4", response);
  response = out.answer();
  response.statements = out.entry().statements;
  out.refuse("all statements where the client knows some", "condition 6", response);
  EpochRecord record = out.domain.records.back();
  record.map_root = {};
  response = out.answer_with(record);
  response.map_proof = {};
  response.statements.clear();
  out.refuse("a name that the client knows is not there", "condition 6", response);
}

void refuse_notices(Lookups& out) {
  const ResetNotice honest = out.entry().notices.back();
  const auto with = [&](const ResetNotice& lie) { return out.answer_with_notice(lie); };
  LookupResponse response = out.answer();
  response.notices.clear();
  out.refuse("a request without its notice", "condition 7", response);
  response = out.answer();
  response.notices.push_back(honest);
  out.refuse("a notice without its request", "condition 7", response);
  ResetNotice lie = honest;
  lie.key.mutable_view()[0] ^= 1;
  out.refuse("the notice of another key", "condition 7", with(lie));
  lie = honest;
  lie.request_sequence += 1;
  out.refuse("the notice of another sequence", "condition 7", with(lie));
  lie = honest;
  lie.veto_keys.pop_back();
  out.refuse("a veto key is missing", "condition 7", with(lie));
  lie = honest;
  lie.veto_recovery.mutable_view()[0] ^= 1;
  out.refuse("another recovery commitment", "condition 7", with(lie));
  lie = honest;
  lie.matures_ms -= 1;
  out.refuse("a delay shorter than the chain's", "condition 7", with(lie));
  lie = honest;
  lie.after = Hash{};
  out.refuse("after a request that there was not", "condition 7", with(lie));
  NameLeaf leaf = out.leaf();
  leaf.pending = {};
  out.refuse("a request that the map does not show", "condition 7", out.answer_with_leaf(leaf));
}

void resets(Lookups& out, const TestDevice& device) {
  TestDomain& domain = out.domain;
  TestPerson& alice = out.alice;
  const Lookups::Client before = out.client();
  const TestDevice thief = alice.new_device(), heir = alice.new_device();
  alice.take(alice.request(thief, 8));
  domain.publish(alice);
  refuse_notices(out);
  out.take("a pending reset");
  alice.take(alice.by_device(VetoReset{}, device));
  domain.publish(alice, veto_as_device(out.entry().notices.back(), device.key));
  NameLeaf leaf = out.leaf();
  leaf.pending = out.entry().notices.back().hash();
  out.refuse("a veto that the map does not show", "condition 7", out.answer_with_leaf(leaf));
  out.take("a vetoed reset");
  domain.now = Time{out.entry().notices.back().matures_ms};
  alice.take(alice.request(heir, 9));
  domain.publish(alice);
  const ResetNotice notice = out.entry().notices.back();
  ResetNotice lie = notice;
  lie.after.reset();
  out.refuse("a request after a vetoed one that does not say so", "condition 7", out.answer_with_notice(lie));
  lie.after = Hash{};
  out.refuse("a request after another one than the vetoed one", "condition 7", out.answer_with_notice(lie));
  out.take("a second request, after the veto");
  domain.now = after(domain.now, kDelayMs);
  alice.take(alice.by_new_device(CompleteReset{alice.state.open_reset()->sequence}, heir));
  domain.publish(alice);
  EpochRecord record = domain.records.back();
  record.time_ms = notice.matures_ms - 1;
  out.refuse("completed a millisecond too soon", "condition 7", out.answer_with(record));
  leaf = out.leaf();
  leaf.resets = {};
  out.refuse("a completion that the map does not show", "condition 7", out.answer_with_leaf(leaf));
  VetoNotice wrong = veto_as_device(notice, device.key);
  out.vetoes = {wrong};
  out.refuse("completed though the client holds a device's veto", "condition 7", out.answer());
  out.vetoes = {veto_as_recovery(notice, alice.recovery(0))};
  out.refuse("completed though the client holds the recovery key's veto", "condition 7", out.answer());
  wrong.signature.mutable_view()[9] ^= 1;
  out.vetoes = {wrong};
  out.take("a completed reset, against which only a forged veto stands");
  out.vetoes.clear();
  out.be(before);
  out.take("from before the resets to after them");
  out.be({});
  out.take("all of it at first contact");
}

/// A device that another one removed holds the veto until a recovery key signs.
void removed_holder(Lookups& out) {
  TestPerson carol("carol@example.org", 64);
  const TestDevice first = carol.new_device(), removed = carol.new_device();
  carol.take(carol.genesis(first));
  carol.take(carol.add(removed, first));
  carol.take(carol.by_device(RemoveDevice{removed.device.id()}, first));
  carol.take(carol.request(carol.new_device(), 5));
  out.domain.publish(carol);
  out.ask_for(carol);
  ResetNotice lie = out.entry().notices.back();
  std::erase(lie.veto_keys, removed.key.public_key());
  hold(lie.veto_keys.size() == 1, "two hold the veto");
  out.refuse("the veto key of a removed device is missing", "condition 7", out.answer_with_notice(lie));
  out.take("a request of which a removed device holds the veto");
}

}  // namespace

Json make_lookups() {
  Lookups out;
  TestDomain& domain = out.domain;
  const TestDevice device = out.alice.new_device(), second = out.alice.new_device();
  out.alice.take(out.alice.genesis(device));
  out.bob.take(out.bob.genesis(out.bob.new_device()));
  domain.publish(out.alice);
  domain.publish(out.bob);
  conditions_1_and_2(out);
  note_limits(out);
  last_moments(out);
  refuse_forms(out);
  condition_4(out);
  conditions_5_6_and_8(out, device);
  LookupResponse response = out.answer();
  response.growth.hashes.push_back(Hash{});
  out.refuse("a hash too many at first contact", "condition 4", response);
  LookupResponse before = out.answer();
  out.take("first contact");
  response = out.answer();
  response.record.names += 1;
  out.refuse("another record where nothing grew", "condition 4", response);
  response = out.answer();
  response.growth.hashes.push_back(Hash{});
  out.refuse("growth where nothing grew", "condition 3", response);
  EpochRecord record = domain.records.back();
  record.names += 1;
  out.refuse("another log of the same size", "condition 3", out.answer_with(record));
  clock_set_back(out);
  out.take("nothing is new");
  out.ask_for(out.bob);
  out.take("another name of the domain");
  out.ask_for("nobody@example.org");
  TestPerson nobody("nobody@example.org", 65);
  response = out.answer();
  response.statements.push_back(nobody.genesis(nobody.new_device()));
  out.refuse("statements of a name that is not there", "condition 6", response);
  out.take("nobody");
  out.ask_for(out.alice);
  out.alice.take(out.alice.add(second, device));
  domain.publish(out.alice);
  domain.publish_changes({});
  refuse_known(out);
  out.take("a device more");
  before.config.reset();
  before.growth = {};
  before.statements.clear();
  out.refuse("a smaller log than before", "condition 2", before);
  resets(out, device);
  removed_holder(out);
  add_lookup_edges(out);
  return out.take_all(make_policies(domain));
}

}  // namespace cairn::testing
