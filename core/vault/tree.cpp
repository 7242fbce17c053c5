#include "core/vault/tree.h"

namespace cairn::vault {

void Reference::write(wire::Writer& writer) const {
  writer.raw(id);
  writer.u32(plain_size);
}

Result<Reference> Reference::read(wire::Reader& reader) {
  Reference out;
  out.id = TRY(reader.fixed<ChunkId>());
  out.plain_size = TRY(reader.u32());
  REQUIRE(out.plain_size > 0 && out.plain_size <= kMaxChunkSize, ErrorCode::over_limit, "tree: size of a chunk");
  return out;
}

void Tree::write(wire::Writer& writer) const {
  writer.u8(depth);
  writer.u64(size);
  writer.optional(root);
}

Result<Tree> Tree::read(wire::Reader& reader) {
  Tree out;
  out.depth = TRY(reader.u8());
  out.size = TRY(reader.u64());
  out.root = TRY(reader.optional<Reference>());
  REQUIRE(out.depth <= kMaxTreeDepth, ErrorCode::over_limit, "tree: depth");
  REQUIRE(out.root.has_value() == (out.size > 0), ErrorCode::malformed, "tree: root");
  REQUIRE(out.size > 0 || out.depth == 0, ErrorCode::malformed, "tree: depth");
  REQUIRE(out.depth > 0 || !out.root || out.root->plain_size == out.size, ErrorCode::malformed, "tree: size");
  return out;
}

TreeWriter::TreeWriter(const GearTable& gear, Purpose purpose, ChunkSink& sink)
    : gear_(&gear), purpose_(purpose), sink_(&sink) {}

TreeWriter::Level& TreeWriter::level(std::size_t height) {
  while (levels_.size() <= height) {
    const bool content = levels_.empty() && purpose_ == Purpose::data;
    levels_.push_back({Chunker(*gear_, content ? kContentSizes : kListSizes), 0, {}});
  }
  return levels_[height];
}

void TreeWriter::write(ByteView data) {
  size_ += data.size();
  while (!data.empty()) {
    if (const auto chunk = level(0).chunker.next(data)) emit(0, *chunk);
  }
}

void TreeWriter::cut() {
  if (const auto chunk = level(0).chunker.flush()) emit(0, *chunk);
}

void TreeWriter::keep(const Reference& reference) {
  CHECK(level(0).chunker.empty());
  size_ += reference.plain_size;
  carry(0, reference);
}

void TreeWriter::emit(std::size_t height, ByteView chunk) {
  carry(height, sink_->put(chunk, height == 0 ? purpose_ : Purpose::list));
}

/// A chunk of `height` is stored: it goes into the list above, and what that ends into the one above that.
void TreeWriter::carry(std::size_t height, Reference reference) {
  for (;; ++height) {
    ++level(height).chunks;
    level(height).last = reference;
    wire::Writer row;
    reference.write(row);
    ByteView rest = row.view();
    std::optional<ByteView> chunk;
    Reference above;
    bool ended = false;
    while (!rest.empty()) {
      chunk = level(height + 1).chunker.next(rest);
      if (!chunk) continue;
      CHECK(!ended);  // a list's chunk has more bytes than one row
      above = sink_->put(*chunk, Purpose::list);
      ended = true;
    }
    if (!ended) return;
    reference = above;
  }
}

Tree TreeWriter::finish() {
  Tree out{0, size_, std::nullopt};
  if (size_ == 0) return out;
  for (std::size_t height = 0;; ++height) {
    if (const auto chunk = level(height).chunker.flush()) emit(height, *chunk);
    if (level(height).chunks != 1) continue;
    CHECK(height <= kMaxTreeDepth);
    out.depth = static_cast<std::uint8_t>(height);
    out.root = level(height).last;
    return out;
  }
}

TreeReader::TreeReader(const Tree& tree, ChunkSource& source)
    : tree_(tree), source_(&source), left_(tree.size), lists_(std::size_t{tree.depth}) {}

Got TreeReader::give(const Reference& reference) {
  if (reference.plain_size > left_) {
    damaged_ = true;
    return Got::damaged;
  }
  left_ -= reference.plain_size;
  reference_ = reference;
  return Got::ready;
}

/// The next whole row of a list, if it has one.
std::optional<Reference> TreeReader::take(std::size_t height) {
  List& list = lists_[height];
  if (list.bytes.size() - list.at < Reference::kEncodedSize) return std::nullopt;
  wire::Reader reader(ByteView(list.bytes).subspan(list.at, Reference::kEncodedSize));
  const auto reference = Reference::read(reader);
  if (!reference) {
    damaged_ = true;
    return std::nullopt;
  }
  return *reference;
}

/// Brings the next chunk of the list at `height`, from the list above or the root.
Got TreeReader::refill(std::size_t height) {
  const bool top = height + 1 == lists_.size();
  std::optional<Reference> reference;
  if (top && !begun_) reference = tree_.root;
  if (!top) reference = take(height + 1);
  if (damaged_) return Got::damaged;
  if (!reference) return Got::end;
  SecretBytes chunk;
  const Got got = source_->fetch(*reference, chunk);
  if (got != Got::ready) {
    damaged_ = got == Got::damaged;
    return got;
  }
  if (top) begun_ = true;
  if (!top) lists_[height + 1].at += Reference::kEncodedSize;
  List& list = lists_[height];
  list.bytes.erase(list.bytes.begin(), list.bytes.begin() + static_cast<std::ptrdiff_t>(list.at));
  list.at = 0;
  append(list.bytes, chunk.expose());
  // Each chunk of a list completes a row, so that reading comes to an end whoever made the lists.
  damaged_ = list.bytes.size() < Reference::kEncodedSize;
  return damaged_ ? Got::damaged : Got::ready;
}

Got TreeReader::at_end() {
  bool whole = left_ == 0;
  for (const List& list : lists_) whole = whole && list.at == list.bytes.size();
  damaged_ = !whole;
  return whole ? Got::end : Got::damaged;
}

Got TreeReader::next() {
  if (damaged_) return Got::damaged;
  if (lists_.empty()) {
    if (begun_ || !tree_.root) return at_end();
    begun_ = true;
    return give(*tree_.root);
  }
  for (std::size_t height = 0;;) {
    const auto row = take(height);
    if (damaged_) return Got::damaged;
    if (row && height == 0) {
      lists_[0].at += Reference::kEncodedSize;
      return give(*row);
    }
    if (row) {
      const Got got = refill(height - 1);
      if (got != Got::ready) return got;
      --height;
    } else if (height + 1 == lists_.size()) {
      const Got got = refill(height);
      if (got == Got::end) return at_end();
      if (got != Got::ready) return got;
    } else {
      ++height;
    }
  }
}

}  // namespace cairn::vault
