// Files that people send each other (docs/spec/client.md s.14): what is on its way, one out and one in at a time.
#pragma once

#include "core/client/transfer_job.h"

namespace cairn::client {

/// Transfers that are kept: those that run, and beside them those that ended within a day.
constexpr std::size_t kMaxTransfers = 64;

/// Whether a file of this message is fetched from that domain's server: of the own domain, or of its sender's, so that
/// nobody can make a reader show itself at a third one.
bool is_fetched_from(const std::string& domain, const Account& account, const std::optional<Message>& message);

class Attachments {
 public:
  explicit Attachments(TransferRooms rooms) : rooms_(rooms) {}

  // ---- what people want: written down at once, carried out by step() ----

  /// Sends the file at `path` (absolute) with a text of at most kMaxTextSize bytes (CHECKed) and a preview that
  /// preview_extent() takes (CHECKed), or none; what is on its way already is joined. `rate_limited` when kMaxTransfers
  /// run.
  Result<TransferId> send(Context& context, const ChannelId& home, const std::string& path, const std::string& text,
                          Bytes preview);
  /// Where a file is saved: in a folder under its own name, or under a further one when that is taken; or at a path.
  struct Place {
    std::string path;  ///< absolute; of a folder without a "/" at its end
    bool is_folder = true;
  };
  /// Saves the file of a message. `not_found` when it has none, `unsupported` when it lies neither at the own domain
  /// nor at its sender's and is not kept here, `over_limit` for a path that is too long.
  Result<TransferId> save(Context& context, const Account& account, const ChannelId& home, std::uint64_t index,
                          const Place& place);
  /// `invalid_state` when it is over.
  Status cancel(Context& context, const TransferId& id);

  // ---- what people see ----

  /// The job of a transfer, if it is its turn; null otherwise.
  const TransferJob* job(const TransferId& id) const;
  /// Called when one has ended, or comes one percent further.
  using Listener = std::function<void(Context&, const Transfer&)>;
  void set_listener(Listener listener) { listener_ = std::move(listener); }

  void step(Context& context, const Account& account);
  Time next_deadline() const;
  void forget_all();

 private:
  /// Whose turn it is, of one kind.
  struct Turn {
    Transfer::Kind kind;
    std::shared_ptr<TransferJob> job = nullptr;
    std::uint64_t told_percent = 0;
    bool look_for_work = true;
  };

  std::shared_ptr<TransferJob> make_job(Transfer transfer) const;
  Result<TransferId> begin(Context& context, Transfer transfer);
  void step_turn(Context& context, const Account& account, Turn& turn);
  void ended(Context& context, const Transfer& transfer);
  void forget_ended(Context& context);
  void delete_blobs(Context& context, const Account& account);

  TransferRooms rooms_;
  Listener listener_;
  Turn out_{Transfer::Kind::send};
  Turn in_{Transfer::Kind::save};
  Time blobs_again_;
  Time next_forgetting_;
};

}  // namespace cairn::client
