// Sends one file: its blob, part by part, then the message that says where it lies (docs/spec/client.md s.14).
#pragma once

#include "core/client/transfer_job.h"

namespace cairn::client {

class SendJob final : public TransferJob {
 public:
  SendJob(const TransferRooms& rooms, Transfer transfer);

 private:
  void work(Context& context, const Account& account) override;
  void clean_up(Context& context) override;
  void interrupted() override { have_.reset(); }

  void look_at_file(Context& context, const Account& account);
  /// How much of the blob the server has.
  void ask_have(Context& context);
  void read_part(Context& context, std::uint64_t number);
  void take_part(Context& context, std::uint64_t number, Bytes sealed);
  void put(Context& context, std::uint64_t offset, Bytes data);
  void take_have(Context& context, std::uint64_t have);
  void say(Context& context, const Account& account);
  /// A sentence about the file: "FILE: ...".
  void fail_of_file(Context& context, ErrorCode code, const std::string& why);
  std::uint64_t sealed_size() const { return transfer_.file.sealed_size(); }
  std::uint64_t parts() const { return (sealed_size() + proto::kBlobPart - 1) / proto::kBlobPart; }

  std::string put_url_;
  std::string token_;
  crypto::SigningKey owner_;
  crypto::Hasher hasher_;  ///< of the first `hashed_` parts
  std::uint64_t hashed_ = 0;
  std::optional<std::uint64_t> have_;  ///< bytes that the server has, when it has said so
  unsigned stalled_ = 0;
};

}  // namespace cairn::client
