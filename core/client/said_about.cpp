#include "core/client/said_about.h"

#include <algorithm>

#include "core/client/file_name.h"
#include "core/client/row_keys.h"
#include "core/client/tables.h"

namespace cairn::client {
namespace {

/// The newest versions where all are too many.
std::vector<GivenVersion> given_versions(const StoreView& store, const ChannelId& home, std::uint64_t index) {
  std::vector<NumberedEdit> all = numbered_versions(store, home, index);
  std::size_t size = 0;
  auto first = all.end();
  while (first != all.begin() && static_cast<std::size_t>(all.end() - first) < kMaxVersions &&
         (size += std::prev(first)->edit.text.size()) <= kMaxGivenVersions) {
    --first;
  }
  std::vector<GivenVersion> out;
  for (; first != all.end(); ++first) out.push_back({std::move(*first)});
  return out;
}

}  // namespace

void GivenVersion::write(wire::Writer& w) const {
  w.u32(depth);
  w.raw(id);
  edit.write(w);
}
Result<GivenVersion> GivenVersion::read(wire::Reader& r) {
  GivenVersion out;
  out.depth = TRY(r.u32());
  out.id = TRY(r.fixed<MessageId>());
  out.edit = TRY(Edit::read(r));
  return out;
}

void GivenReaction::write(wire::Writer& w) const {
  w.raw(id);
  reaction.write(w);
}
Result<GivenReaction> GivenReaction::read(wire::Reader& r) {
  GivenReaction out;
  out.id = TRY(r.fixed<MessageId>());
  out.reaction = TRY(Reaction::read(r));
  return out;
}

void SaidAbout::write(wire::Writer& w) const {
  w.vector(versions);
  w.vector(reactions);
  w.vector(statuses);
  w.optional(file);
}
Result<SaidAbout> SaidAbout::read(wire::Reader& r) {
  SaidAbout out;
  out.versions = TRY(r.vector<GivenVersion>(kMaxSaidAbout, kMaxVersions));
  out.reactions = TRY(r.vector<GivenReaction>(kMaxSaidAbout, kMaxGivenReactions));
  out.statuses = TRY(r.vector<MessageStatus>(kMaxSaidAbout, kMaxGivenStatuses));
  out.file = TRY(r.optional<Attachment>());
  return out;
}

SaidAbout said_about(const StoreView& store, const ChannelId& home, std::uint64_t index) {
  SaidAbout out;
  out.versions = given_versions(store, home, index);
  for (NumberedReaction& one : reactions(store, home, index)) {
    if (out.reactions.size() < kMaxGivenReactions) out.reactions.push_back({std::move(one)});
  }
  out.statuses = statuses(store, home, index);
  if (out.statuses.size() > kMaxGivenStatuses) out.statuses.resize(kMaxGivenStatuses);
  if (auto row = attachment_of(store, home, index)) out.file = std::move(row->file);
  return out;
}

std::set<std::uint64_t> said_about_in(const StoreView& store, const ChannelId& home, std::uint64_t first,
                                      std::uint64_t end) {
  std::set<std::uint64_t> out;
  for (const Table table : {tables::kEdits, tables::kReactions, tables::kStatuses, tables::kAttachments}) {
    for (const Row& row : store.scan(table, numbered(home, first), numbered(home, end), ~std::size_t{0})) {
      out.insert(index_of(row.key));
    }
  }
  return out;
}

void put_said_about(Context& context, const Account& account, const ChannelId& home, std::uint64_t index,
                    const SaidAbout& said) {
  put_versions(context, home, index, {said.versions.begin(), said.versions.end()});
  put_reactions(context, home, index, {said.reactions.begin(), said.reactions.end()});
  for (const MessageStatus& status : said.statuses) {
    context.store.put(tables::kStatuses, concat({numbered(home, index), name_key(account, status.name)}),
                      wire::encode(status));
  }
  if (!said.file) return;
  Attachment file = said.file->clone();
  file.name = clean_file_name(file.name);  // whoever wrote it: it becomes part of a path
  save_attachment(context, home, index, {std::move(file), std::nullopt});
}

}  // namespace cairn::client
