// Frames over HTTP, for programs on this machine: one frame is asked and answered by a POST, and a GET that stays open
// is told what comes. What a request may do is for its front to say.
#pragma once

#include <variant>

#include "shell/net/board.h"
#include "shell/net/http.h"

namespace cairn::net {

/// Judges requests and puts frames into words of HTTP. Knows no socket.
class HttpFront {
 public:
  virtual ~HttpFront() = default;

  enum class Kind : std::uint8_t { answer, stream };
  /// The frame that is asked; its answer goes back, or everything that comes from then on.
  struct Asked {
    Bytes frame;
    Kind kind = Kind::answer;
  };
  /// What is answered to a request that is not carried out.
  struct Refusal {
    proto::Respond respond;
    std::string_view allow = "GET, POST";  ///< with 405: a literal
  };
  virtual std::variant<Asked, Refusal> judge(const HttpRequest& request) = 0;
  /// The response to a frame that was asked.
  virtual proto::Respond answered(Bytes frame) = 0;
  /// What a stream says for a frame; nothing is sent when there are no bytes. The first ones begin the response.
  struct Told {
    Bytes bytes;
    bool is_last = false;  ///< the stream ends with it
  };
  virtual Told told(ByteView frame) = 0;
  /// The response's header, with its blank line; it has no length and ends with the connection.
  virtual Bytes head() = 0;
  /// Sent on a stream now and then, so that both ends know whether the other one is there.
  virtual Bytes keep_alive() = 0;
  /// For a request that was not carried out: 4xx as the reader of HTTP refuses, 503 for one that nobody answers.
  virtual Refusal refused(int status) = 0;
};

struct FrontLimits {
  std::size_t max_connections = 32;  ///< beyond these, who comes is turned away at once
  std::size_t max_body = std::size_t{256} * 1024;
  std::uint64_t request_ms = 10'000;  ///< from the connection to the end of the request
  std::uint64_t answer_ms = 660'000;  ///< longer than any method waits
  std::uint64_t write_ms = 30'000;    ///< for the other side to read an answer, and to close
  std::uint64_t keep_alive_ms = 15'000;
  std::size_t max_queue = std::size_t{4} << 20;  ///< of a stream that is read too slowly: it is closed
};

/// What the connections of one front share. Outlives them.
struct FrontDoor {
  HttpFront& front;
  FrontLimits limits;
  std::string target;  ///< of the sockets that a mind sees
  std::size_t connections = 0;
};

/// One connection, one request.
class FrontSocket final : public FrameSocket {
 public:
  FrontSocket(EventLoop& loop, Board& board, proto::SocketId id, int socket, FrontDoor& door);
  ~FrontSocket() override;

  void send_frame(Bytes frame) override;
  void close() override;
  void check(std::uint64_t now_ms) override;
  std::size_t queued() const override { return stream_->queued(); }
  void on_bytes(ByteView bytes) override;
  void on_end() override;

 private:
  enum class Phase : std::uint8_t { reading, waiting, streaming, finishing };

  void begin(const HttpRequest& request);
  void respond(const proto::Respond& respond, std::string_view allow = {});
  void refuse(const HttpFront::Refusal& refusal) { respond(refusal.respond, refusal.allow); }
  void finish();
  /// The mind is told unless it knows, or has never heard of it.
  void tell_mind();

  Board& board_;
  proto::SocketId id_;
  FrontDoor& door_;
  Phase phase_ = Phase::reading;
  bool known_ = false;  ///< to the mind
  bool head_sent_ = false;
  std::uint64_t deadline_ms_;
  std::unique_ptr<RequestReader> reader_;
  std::unique_ptr<Stream> stream_;
};

}  // namespace cairn::net
