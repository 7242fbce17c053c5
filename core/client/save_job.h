// Saves one file: fetches its blob, opens it chunk by chunk into a file beside its place, and puts that at its place
// when it is whole and its hash is right (docs/spec/client.md s.14).
#pragma once

#include "core/client/transfer_job.h"

namespace cairn::client {

class SaveJob final : public TransferJob {
 public:
  SaveJob(const TransferRooms& rooms, Transfer transfer);

 private:
  enum class Stage : std::uint8_t {
    look_back,  ///< whether it was put at its place before a restart
    place,      ///< a name that is free, and what has gathered
    fetch,
    check,  ///< the hash, of what lies on the disk
    finish
  };

  void work(Context& context, const Account& account) override;
  void clean_up(Context& context) override;

  void look_back(Context& context);
  void find_place(Context& context);
  void take_place(Context& context, const proto::FileHave& have);
  void fetch(Context& context, const Account& account);
  /// The server gives none of `count` chunks, of which one or more may be lost there. False when it says something
  /// else.
  bool not_given(Context& context, ErrorCode code, std::uint64_t count);
  /// Of `asked` bytes. Where there are fewer, they are whole chunks, and the next one is lost.
  void take_chunks(Context& context, const proto::BlobPart& part, std::size_t asked);
  /// The plaintext of the chunks from chunk_ on; nothing, and it has failed, when they are not the sender's.
  std::optional<Bytes> open_chunks(Context& context, const proto::BlobPart& part);
  void write_down(Context& context, Bytes plaintext, std::uint64_t chunks);
  void check_more(Context& context);
  void hash_is_known(Context& context, const Hash& hash);
  void finish(Context& context);
  void fail_of_file(Context& context, ErrorCode code, const std::string& why);
  void fail_of_lost_chunk(Context& context, std::uint64_t number);

  std::uint64_t chunks() const { return crypto::stream_chunks(padded_file_size(transfer_.file.size)); }
  std::string sender(const StoreView& store) const;

  Stage stage_;
  unsigned number_ = 1;                 ///< of the name that is tried
  std::string gathered_;                ///< path of the file in which it gathers
  std::uint64_t chunk_ = 0;             ///< the next one
  std::uint64_t one_by_one_until_ = 0;  ///< chunks before this one are asked for each by itself
  bool is_resumed_ = false;             ///< it began with what an earlier process had written
  crypto::Hasher hasher_;               ///< of the first `hashed_` bytes of the blob
  std::uint64_t hashed_ = 0;
  std::optional<proto::FileStamp> stamp_;  ///< of the file that is being checked
};

}  // namespace cairn::client
