// Does somebody have this known file? Asked of what Cairn's server stores of files that were sent and backed up:
// confirm-file.
#include <algorithm>
#include <fstream>
#include <random>
#include <set>

#include "apps/lab/attacks/attacks.h"
#include "apps/lab/attacks/cairn_attacks.h"
#include "apps/lab/cairn/operator.h"
#include "apps/lab/legacy/attachment.h"
#include "apps/lab/legacy/symmetric.h"
#include "core/client/attachment.h"

namespace cairn::lab {
namespace {

constexpr std::size_t kFileSize = 150'000;
constexpr unsigned kKnownFile = 1, kOtherFile = 2, kNewFile = 3;

/// As a photo is: bytes that nobody can guess, and the same in every run. What tells one file from another is `seed`.
std::string photo(unsigned seed) {
  std::mt19937 random(seed);
  std::string out(kFileSize, '\0');
  for (char& one : out) one = static_cast<char>(random());
  return out;
}

/// What would show that the file is there: pieces of it, its fingerprints, and what the system of 2014 would store.
std::vector<std::string> marks_of(const std::string& file) {
  constexpr std::size_t kMark = 40, kEvery = 15'000, kEveryChunk = 4;
  std::vector<std::string> out = {as_text(legacy::sha1(as_bytes(file))), as_text(legacy::sha256(as_bytes(file)))};
  for (std::size_t at = 500; at + kMark <= file.size(); at += kEvery) out.push_back(file.substr(at, kMark));
  const auto chunks = legacy::seal_chunks(as_bytes(file));
  for (std::size_t i = 0; i < chunks.size(); i += kEveryChunk) {
    out.push_back(as_text(chunks[i].id));
    out.push_back(as_text(ByteView(chunks[i].ciphertext).first(kMark)));
  }
  return out;
}

/// How many files among these have a run of 16 bytes, at a place of a cipher's block, that another one has too.
std::size_t alike(const std::vector<Operator::Blob>& blobs) {
  constexpr std::size_t kBlock = 16;
  std::set<Bytes> seen;
  std::size_t out = 0;
  for (const Operator::Blob& blob : blobs) {
    std::set<Bytes> own;
    for (std::size_t at = 0; at + kBlock <= blob.bytes.size(); at += kBlock)
      own.insert(to_bytes(ByteView(blob.bytes).subspan(at, kBlock)));
    const bool shares = std::any_of(own.begin(), own.end(), [&](const Bytes& block) { return seen.contains(block); });
    out += shares ? 1 : 0;
    seen.merge(own);
  }
  return out;
}

/// The sizes of files that look as this one does once they are sealed.
struct Sizes {
  std::size_t sealed = 0, least = 0, most = 0;
};
Sizes sizes_like(std::size_t size) {
  Sizes out;
  out.most = client::padded_file_size(size);
  out.least = size;
  while (out.least > 1 && client::padded_file_size(out.least - 1) == out.most) --out.least;
  out.sealed = crypto::stream_sealed_size(out.most);
  return out;
}

/// All that the operator can see of bob's files, and what he has it asked for.
class Holder {
 public:
  explicit Holder(World& world) : world_(world) { world_.settle(); }

  /// Bob sends the known file to two people, and another one as large.
  void send_files() {
    must(world_.send_file("bob-1", "alice@localhost", "look", file(kKnownFile)));
    must(world_.send_file("bob-1", "mallory@localhost", "look", file(kKnownFile)));
    must(world_.send_file("bob-1", "alice@localhost", "and this", file(kOtherFile)));
    arrive();
  }
  /// Somebody sends bob a file, and he backs up what he has; by how much his backup grows at the server.
  std::int64_t grows_by(unsigned seed) {
    must(world_.send_file("mallory-1", "bob@localhost", "look", file(seed)));
    arrive();
    const std::size_t before = backup_bytes();
    const demo::Said made =
        world_.back_up("bob", backed_up_ ? std::vector<std::string>{} : std::vector<std::string>{"--files", "100"});
    must(made);
    backed_up_ = true;
    const auto stored = made.json.value("files", nlohmann::json::object()).value("stored", std::size_t{0});
    files_ = std::max(files_, stored);
    return static_cast<std::int64_t>(backup_bytes()) - static_cast<std::int64_t>(before);
  }
  /// The most that one of these backups took in, as bob's own phone counts them.
  std::size_t files() const { return files_; }

 private:
  std::string file(unsigned seed) {
    std::string path = world_.folder() + "/photo" + std::to_string(seed) + ".bin";
    std::ofstream(path, std::ios::binary) << photo(seed);
    return path;
  }
  void arrive() {
    for (const std::string device : {"alice-1", "bob-1", "mallory-1"}) must(world_.run(device, {"read"}));
  }
  std::size_t backup_bytes() const { return Operator(world_).backup_bytes("bob@localhost"); }

  World& world_;
  bool backed_up_ = false;
  std::size_t files_ = 0;
};

std::string thousands(std::int64_t bytes) { return std::to_string(bytes / 1000) + " thousand bytes"; }

/// What was found.
struct Confirmed {
  std::vector<Operator::Blob> blobs;               ///< bob's files on their way, at the server
  std::size_t right_size = 0;                      ///< of them as large as the known one would be
  std::size_t alike = 0;                           ///< with a piece that another one has
  std::size_t named = 0;                           ///< whose id is a fingerprint of the known one
  Searched server;                                 ///< everything, with the backup
  std::int64_t first = 0, new_one = 0, again = 0;  ///< by how much the backup grew
  std::size_t files = 0;                           ///< in the backup
  std::size_t shown = 0;                           ///< on bob's phone: he does have it
};

Confirmed confirm(World& world) {
  Confirmed out;
  Holder bob(world);
  std::set<Bytes> before;
  {
    const Operator server(world);
    for (const auto& blob : server.blobs()) before.insert(blob.id);
  }
  bob.send_files();
  const std::string known = photo(kKnownFile);
  const auto marks = marks_of(known);
  {
    const Operator server(world);
    for (auto& blob : server.blobs()) {
      if (blob.owner == "bob@localhost" && !before.contains(blob.id)) out.blobs.push_back(std::move(blob));
    }
  }
  const std::size_t sealed = sizes_like(known.size()).sealed;
  for (const auto& blob : out.blobs) {
    out.right_size += blob.bytes.size() == sealed ? 1 : 0;
    out.named += std::find(marks.begin(), marks.end(), as_text(blob.id)) != marks.end() ? 1 : 0;
  }
  out.alike = alike(out.blobs);
  out.first = bob.grows_by(kKnownFile);
  {
    const Operator server(world);
    out.server = search_files(world.village().server_folder(), marks);
  }
  out.new_one = bob.grows_by(kNewFile);
  out.again = bob.grows_by(kKnownFile);
  out.files = bob.files();
  const demo::Said read = world.run("bob-1", {"read", "alice@localhost"});
  if (read.good()) {
    for (const auto& message : read.json["messages"]) out.shown += message.contains("attachment") ? 1 : 0;
  }
  return out;
}

/// Whether the growth of the backup is that of a file at all: where a new one adds less than half of its size, nothing
/// is to be seen by it.
bool grows_by_files(const Confirmed& found) { return found.new_one * 2 >= static_cast<std::int64_t>(kFileSize); }

/// Whether who has the file sent to bob sees by the growth of the backup that it was there: it adds less than half of
/// what another file as large does.
bool shows_by_growth(const Confirmed& found) { return found.again * 2 < found.new_one; }

/// What is told where the server's store holds nothing of the file.
void conclude_without_hits(Side& side, const Confirmed& found) {
  const std::string not_stored =
      "nothing that the server stores answers it: the same file looked different each time that it was sent, and "
      "neither it, nor a fingerprint of it, nor what 2014 would make from it was found";
  const std::string by_size = of(found.right_size, found.blobs.size()) +
                              " of Bob's files have the size that it would have: it may be among them";
  if (!shows_by_growth(found)) {
    side.outcome = Outcome::refused;
    side.got = not_stored;
    side.besides = by_size;
    return;
  }
  // Answered by one way and not by the other.
  side.outcome = Outcome::measured;
  side.got = not_stored +
             ". But the growth of Bob's backup answers it, for a file as large as this one: who can send Bob the file "
             "and sees how large his backup is learns that it was there. The backup grew by " +
             thousands(found.again) + " for it, and by " + thousands(found.new_one) +
             " for another one as large. And " + by_size;
}

void show(Side& side, const Confirmed& found) {
  const Sizes like = sizes_like(kFileSize);
  side.show("Bob's files at the server, of which two are the known one", found.blobs.size());
  side.show("of them as large as the known one would be", of(found.right_size, found.blobs.size()));
  side.show("sizes of files that look so when they are sealed, in bytes",
            std::to_string(like.least) + " to " + std::to_string(like.most));
  side.show("of them with any 16 bytes in a row that another one has, too", found.alike);
  side.show("of them named by a fingerprint of the known one", found.named);
  side.show("bytes of the server's, searched after Bob backed the file up", found.server.bytes);
  side.show("in them: pieces of the file, its fingerprints, and what 2014 would have stored",
            found.server.found.size());
  side.show("files in Bob's backup, as his own phone says", found.files);
  side.show("by how much the backup grew when it first took the file in", thousands(found.first));
  side.show("and when somebody sent Bob another file as large", thousands(found.new_one));
  side.show("and when somebody sent him the known one, which was there", thousands(found.again));
}

}  // namespace

Side confirm_file_cairn(World& world) {
  const Confirmed found = confirm(world);
  Side side;
  const std::size_t hits = found.alike + found.named + found.server.found.size();
  side.step("Bob", "server", "the known file, to two people; another one as large; and a backup with files in it");
  side.step("asker", "server", "does Bob have this file?");
  side.step("server", "asker", hits == 0 ? "files of that size, all different; nothing of it" : "yes: here it is",
            hits == 0 ? Step::Kind::refused : Step::Kind::stolen);
  side.step("asker", "Bob", "the file once more, and another one as large");
  side.step("server", "asker",
            "his backup grew by " + thousands(found.again) + " for the one, and by " + thousands(found.new_one) +
                " for the other",
            stolen_if(shows_by_growth(found)));
  show(side, found);
  if (found.blobs.size() != 3 || found.shown == 0 || found.files == 0 || (hits == 0 && !grows_by_files(found))) {
    side.got = "nothing to conclude: of three files that Bob sent " + std::to_string(found.blobs.size()) +
               " are at the server, and " + std::to_string(found.files) + " in his backup, which grew by " +
               thousands(found.new_one) + " for a new one";
    return side;
  }
  side.conclude(hits != 0, "the answer: the file, or what is made from it, is there");
  if (hits == 0) conclude_without_hits(side, found);
  side.reduced.push_back(
      {"The files have " + std::to_string(kFileSize) +
           " bytes each, and are as hard to compress as photos are. Whoever has something sent to Bob did it once; "
           "smaller files, and guesses at parts of a text, were not tried.",
       ""});
  return side;
}

}  // namespace cairn::lab
