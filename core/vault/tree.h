// A stream as a tree of chunks (docs/spec/backup.md s.4): written and read with memory that does not grow with it.
#pragma once

#include <optional>
#include <vector>

#include "core/vault/chunker.h"
#include "core/wire/reader.h"
#include "core/wire/writer.h"

namespace cairn::vault {

struct Reference {
  ChunkId id;
  std::uint32_t plain_size = 0;

  static constexpr std::size_t kEncodedSize = 36;
  void write(wire::Writer& writer) const;
  static Result<Reference> read(wire::Reader& reader);
  friend bool operator==(const Reference&, const Reference&) = default;
};

struct Tree {
  std::uint8_t depth = 0;         ///< lists above the stream's own chunks
  std::uint64_t size = 0;         ///< of the stream
  std::optional<Reference> root;  ///< nothing iff size = 0

  void write(wire::Writer& writer) const;
  static Result<Tree> read(wire::Reader& reader);
  friend bool operator==(const Tree&, const Tree&) = default;
};

/// What a chunk is for: data, or what finds data, which is kept twice.
enum class Purpose : std::uint8_t { data, list };

/// Where a TreeWriter's chunks go.
class ChunkSink {
 public:
  virtual ~ChunkSink() = default;
  virtual Reference put(ByteView plain, Purpose purpose) = 0;
};

/// Cuts a stream, and the lists of its chunks. Table and sink must outlive it.
class TreeWriter {
 public:
  /// `purpose` is that of the stream itself: `data` is cut as content.
  TreeWriter(const GearTable& gear, Purpose purpose, ChunkSink& sink);

  void write(ByteView data);
  /// Ends a chunk here.
  void cut();
  /// A chunk that is stored already; only after cut() or at the beginning (CHECKed).
  void keep(const Reference& reference);
  /// The tree; the writer is spent.
  Tree finish();

 private:
  struct Level {
    Chunker chunker;
    std::uint64_t chunks = 0;
    Reference last;
  };
  Level& level(std::size_t height);
  void emit(std::size_t height, ByteView chunk);
  void carry(std::size_t height, Reference reference);

  const GearTable* gear_;
  Purpose purpose_;
  ChunkSink* sink_;
  std::uint64_t size_ = 0;
  std::vector<Level> levels_;  ///< the stream, then the lists above it
};

/// What reading may come to.
enum class Got : std::uint8_t {
  ready,    ///< here it is
  wanted,   ///< a pack must come first: ask again then
  damaged,  ///< it is not to be had, and whoever reads on must say so
  end       ///< there is no more
};

/// Where a TreeReader's chunks come from.
class ChunkSource {
 public:
  virtual ~ChunkSource() = default;
  /// The bytes into `out`: ready, wanted or damaged.
  virtual Got fetch(const Reference& reference, SecretBytes& out) = 0;
};

/// Goes through the references to a stream's own chunks, in order.
class TreeReader {
 public:
  TreeReader(const Tree& tree, ChunkSource& source);

  /// `ready`: reference() is the next one. `damaged`, from then on for ever: a list is lost, or is none. `end`: the
  /// stream had exactly its size.
  Got next();
  const Reference& reference() const { return reference_; }
  /// Bytes of the stream that the references so far have not told of.
  std::uint64_t left() const { return left_; }

 private:
  struct List {
    Bytes bytes;  ///< what was read of it
    std::size_t at = 0;
  };
  std::optional<Reference> take(std::size_t height);
  Got refill(std::size_t height);
  Got give(const Reference& reference);
  Got at_end();

  Tree tree_;
  ChunkSource* source_;
  std::uint64_t left_;
  bool begun_ = false;
  bool damaged_ = false;
  Reference reference_;
  std::vector<List> lists_;  ///< lists_[h] has references to chunks of height h
};

}  // namespace cairn::vault
