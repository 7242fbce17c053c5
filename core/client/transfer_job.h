// One file on its way, in small steps (docs/spec/client.md s.14): one call is under way at a time, of at most a part of
// a blob or a piece of a file, so that memory stays the same whatever the size.
#pragma once

#include "core/client/calls.h"
#include "core/client/conversations.h"
#include "core/client/session.h"
#include "core/client/transfer.h"
#include "core/crypto/hash.h"

namespace cairn::client {

/// Rooms that transfers work with; all outlive them.
struct TransferRooms {
  Calls& calls;
  Session& session;
  Conversations& conversations;
};

/// Held by shared_ptr: answers that are under way keep it. What it knows and a restart may not forget is in its row.
class TransferJob : public std::enable_shared_from_this<TransferJob> {
 public:
  TransferJob(const TransferRooms& rooms, Transfer transfer);
  virtual ~TransferJob() = default;
  TransferJob(const TransferJob&) = delete;
  TransferJob& operator=(const TransferJob&) = delete;

  /// Does the next thing, unless an answer or a moment is waited for.
  void step(Context& context, const Account& account);
  Time next_deadline() const { return busy_ || is_over() || !not_before_ ? Time::never() : *not_before_; }
  /// Its owner does not want it any more.
  void cancel(Context& context);

  const Transfer& transfer() const { return transfer_; }
  bool is_over() const { return transfer_.is_over(); }

  // ---- for a person who waits ----
  const char* doing() const { return doing_; }
  /// Bytes of the file, of transfer().file.size.
  std::uint64_t done() const { return done_; }
  /// Since this process began with it.
  std::uint64_t elapsed_ms(Time now) const { return cairn::elapsed_ms(now, began_); }
  /// Bytes that went over meanwhile.
  std::uint64_t moved() const { return moved_; }
  /// Why it does not go on just now, one sentence; empty when it does.
  const std::string& trouble() const { return trouble_; }

 protected:
  using ThenAnswer = std::function<void(Context&, const Answer&)>;
  using ThenBytes = std::function<void(Context&, const Bytes&)>;

  virtual void work(Context& context, const Account& account) = 0;
  /// It failed or was cancelled: what it leaves behind is put away.
  virtual void clean_up(Context& context) = 0;
  /// A request to the server came to nothing, and is made again.
  virtual void interrupted() {}

  /// A call to the files of this machine; not made again.
  void ask_file(Context& context, std::string_view url, Bytes body, ThenAnswer then);
  /// A call to the server: `then` gets the body when it says yes. What may pass is waited for; what does not ends this,
  /// with the server's sentence or, for what it does not have, `gone`.
  struct Request {
    std::string url;
    std::string bearer = {};
    Bytes body = {};
    std::string gone = {};
    proto::CallReach reach = proto::CallReach::anywhere;
    std::string says = {};  ///< server_says() of whom is asked
    /// Told first of what does not pass; true when the job knows what to do, and this ends nothing.
    std::function<bool(Context&, ErrorCode)> refused = {};
  };
  void ask_server(Context& context, Request request, ThenBytes then);
  void pause(Context& context, std::uint64_t ms, std::string why);
  /// What was to be had was here: no answer comes that would go on.
  void go_on_at_once() { needs_no_answer_ = true; }

  /// Reads what is sealed of the file at `path`, bytes [offset, offset + size) of it. An error is the file's:
  /// `conflict` when it is another one than that of `stamp`, which is noted when there is none yet.
  struct Range {
    std::string path;
    std::uint64_t offset = 0;
    std::size_t size = 0;
  };
  using ThenSealed = std::function<void(Context&, Result<Bytes>, const std::string& sentence)>;
  void read_sealed(Context& context, const Range& range, std::optional<proto::FileStamp>& stamp, ThenSealed then);

  void save(Context& context) { save_transfer(context, transfer_); }
  void fail_with(Context& context, ErrorCode code, const std::string& sentence);
  void succeed(Context& context);

  TransferRooms rooms_;
  Transfer transfer_;
  const char* doing_ = "waiting";
  std::uint64_t done_ = 0;
  std::uint64_t moved_ = 0;

 private:
  struct Reading;
  void read_more(Context& context, const std::shared_ptr<Reading>& reading);
  Bytes seal(const Reading& reading) const;
  void end(Context& context, Transfer::State state);

  Time began_;
  bool has_begun_ = false;
  bool busy_ = false;
  /// What was to be read is all padding, as of an empty file: no answer comes that would go on.
  bool needs_no_answer_ = false;
  std::optional<Time> not_before_;  ///< a pause
  unsigned failures_ = 0;
  std::string trouble_;
};

}  // namespace cairn::client
