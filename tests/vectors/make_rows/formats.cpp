#include "tests/vectors/make_rows/formats.h"

#include <fstream>

#include "core/base/encoding.h"
#include "core/client/content.h"
#include "core/directory/auditor.h"
#include "core/directory/closing.h"
#include "core/directory/verifier.h"
#include "core/proto/api.h"
#include "tests/support/mimi_examples.h"
#include "tests/support/test_directory.h"
#include "tests/support/test_domain.h"

namespace cairn::testing {
namespace {

using namespace directory;

/// Files that are numbered from 1 in each folder.
class Files {
 public:
  explicit Files(std::filesystem::path folder) : folder_(std::move(folder)) {}

  void put(const std::string& fuzzer, ByteView bytes) {
    const std::filesystem::path folder = folder_ / (fuzzer + "_fuzz");
    std::filesystem::create_directories(folder);
    std::ofstream out(folder / ("format-" + std::to_string(++counts_[fuzzer])), std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
  void put(const std::string& fuzzer, const std::string& text) { put(fuzzer, as_bytes(text)); }
  /// Behind the byte that tells such a fuzzer which struct it is.
  template <class Value>
  void put_as(const std::string& fuzzer, std::uint8_t which, const Value& value) {
    put(fuzzer, concat({ByteView(&which, 1), wire::encode(value)}));
  }

 private:
  std::filesystem::path folder_;
  std::map<std::string, int> counts_;
};

/// alice's name from its beginning to a reset that is asked for, and what the directory makes of it.
struct Scene {
  Scene() {
    const auto device = alice.new_device();
    alice.take(alice.genesis(device));
    domain.publish(alice);
    alice.take(alice.add(alice.new_device(), device));
    domain.publish(alice);
    alice.take(alice.request(alice.new_device(), 3));
    domain.publish(alice);
  }
  TestDomain domain;
  TestPerson alice{"alice@example.org"};
};

void notes(Files& files, const Scene& scene) {
  const std::string checkpoint = scene.domain.checkpoint();
  const std::size_t lines = checkpoint.find("\n\n") + 2;
  for (const char* fuzzer : {"core_tlog_checkpoint", "core_tlog_note", "core_tlog_cosignature"}) {
    files.put(fuzzer, checkpoint);
  }
  files.put("core_tlog_checkpoint", checkpoint.substr(0, lines - 1));
  files.put("core_tlog_note", checkpoint.substr(lines));
  files.put("core_tlog_note", scene.domain.cosigners[0].verifier().to_text());
  files.put("core_tlog_policy", scene.domain.policy_text);

  TestDirectory log("a.example");
  for (int i = 0; i < 5; ++i) log.publish(scene.domain.now, log.random_key());
  files.put("core_tlog_witness_request", log.request(0, 3));
  files.put("core_tlog_witness_request", log.request(2, 5));
  files.put("core_tlog_witness_request", checkpoint.substr(lines));
  files.put("core_tlog_witness_request", std::string("5\n"));
  for (const char* path : {"tile/0/000", "tile/1/x001/234", "tile/entries/x001/000.p/17"}) {
    files.put("core_tlog_tile", std::string(path));
  }
  files.put("core_witness_config", "# whom we follow\nlog " + log.key().to_text() +
                                       " https://a.example/log 17\ndomain c.example\npeer https://w.example/w1\n");
}

/// The one that the fuzzer of lookups knows as honest: any other that its keys have signed would be one as well.
Bytes honest_answer() {
  TestDomain domain;
  TestPerson alice("alice@example.org");
  alice.take(alice.genesis(alice.new_device()));
  domain.publish(alice);
  alice.take(alice.request(alice.new_device(), 3));
  domain.publish(alice);
  return wire::encode(domain.answer(make_lookup(alice.name(), {})));
}

void directory_formats(Files& files, const Scene& scene) {
  const TestDomain& domain = scene.domain;
  const TestPerson& alice = scene.alice;
  for (const Statement& statement : alice.statements) {
    files.put("core_directory_statement", wire::encode(statement));
    files.put_as("core_directory_codec", 2, statement);
  }
  const LookupRequest asked = make_lookup(alice.name(), {});
  const LookupResponse answer = domain.answer(asked);
  files.put("core_directory_lookup", honest_answer());
  for (const Bytes& audit : domain.audits) {
    files.put("core_directory_audit", audit);
    const std::uint8_t which = 15;
    files.put("core_directory_codec", concat({ByteView(&which, 1), audit}));
  }
  files.put_as("core_directory_codec", 0, alice.name());
  files.put_as("core_directory_codec", 3, alice.state);
  files.put_as("core_directory_codec", 4, *domain.map.find(domain.key_of(alice.name())));
  files.put_as("core_directory_codec", 5, answer.map_proof);
  files.put_as("core_directory_codec", 6, domain.records.back());
  files.put_as("core_directory_codec", 7, domain.config);
  files.put_as("core_directory_codec", 9, domain.entries.at(alice.name().text()).notices.back());
  files.put_as("core_directory_codec", 16, asked);
  files.put_as("core_directory_codec", 17, answer);
  const auto lookup = verify_lookup(alice.name(), {}, *domain.policy, answer, domain.now);
  CHECK(lookup.has_value());
  files.put_as("core_directory_codec", 19, lookup->view);
  Auditor auditor = *Auditor::enrol(domain.config, 0);
  for (const Bytes& audit : domain.audits) CHECK(auditor.audit(*EpochAudit::decode(audit), domain.now).has_value());
  files.put_as("core_directory_codec", 20, auditor);
  const ResetNotice& notice = domain.entries.at(alice.name().text()).notices.back();
  const CloseRequest close{domain.config.origin, notice.hash(), {}};
  files.put("core_directory_closing", wire::encode(close));
  files.put("core_directory_closing", wire::encode(CloseAnswer{sign_closed(close, domain.cosigners[0].key)}));
  files.put("core_directory_closing", wire::encode(CloseAnswer{sign_not_yet(close, domain.cosigners[0].key)}));
  for (const char* typed : {"alice@example.org", "a.b-c_9@xn--bcher-kva.example", " Alice@Example.ORG ", "alice"}) {
    files.put("core_directory_name", std::string(typed));
  }
}

void contents(Files& files) {
  namespace examples = mimi_examples;
  const auto put = [&](ByteView content) {
    files.put("core_client_content", content);
    files.put("core_client_content", client::encode_plaintext({}, content).expose());
    files.put("core_client_cbor", content);
  };
  for (const std::string_view hex : {examples::kOriginal, examples::kReply, examples::kReaction}) put(*from_hex(hex));
  client::TextContent text;
  text.text = "hello";
  text.expires = client::Expiration{true, 60};
  put(client::encode_content(text));
  put(client::encode_content(client::RetractionContent{{}, {}, client::MessageId{}, true}));
}

/// The first two bytes: a request (0) or an answer (1), and the size of the pieces in which it comes.
void http(Files& files) {
  const std::string get = "GET /v1/config HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n";
  const std::string post = "POST /v1/login HTTP/1.1\r\nHost: example.org\r\nContent-Length: 5\r\n\r\nhello";
  const std::string chunked =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n";
  const std::string answer = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\nno";
  for (const char* piece : {"z", "\x02"}) {
    for (const std::string& one : {get, post, get + post}) files.put("shell_net_http", "0" + (piece + one));
    for (const std::string& one : {chunked, answer}) files.put("shell_net_http", "1" + (piece + one));
  }
  // A client's frames are masked, here by zeros; a message of two frames with a ping between them, and a close.
  const Bytes from_client = {'0', 'z',  0x02, 0x82, 0, 0, 0, 0,   'h', 'e', 0x89, 0x81, 0, 0, 0, 0,
                             'p', 0x80, 0x83, 0,    0, 0, 0, 'l', 'l', 'o', 0x88, 0x80, 0, 0, 0, 0};
  const Bytes from_server = {'1', 'z', 0x82, 0x05, 'h', 'e', 'l', 'l', 'o', 0x8a, 0x00, 0x88, 0x02, 0x03, 0xe8};
  files.put("shell_net_websocket", from_client);
  files.put("shell_net_websocket", from_server);
}

void frames_of_an_owner(Files& files) {
  files.put("core_client_rpc",
            std::string(R"({"jsonrpc":"2.0","id":1,"method":"status"})"
                        "\n"
                        R"({"jsonrpc":"2.0","id":2,"method":"send","params":{"to":"bob@example.org","text":"hi"}})"
                        "\n"
                        R"({"jsonrpc":"2.0","id":"x","method":"read","params":{"conversation":"bob@example.org"}})"));
  files.put("core_client_rpc",
            std::string(R"({"jsonrpc":"2.0","id":3,"method":"search","params":{"text":"lake","limit":5}})"
                        "\n[1]\n{}\n"));
}

}  // namespace

void write_formats(const std::filesystem::path& folder) {
  Files files(folder);
  const Scene scene;
  notes(files, scene);
  directory_formats(files, scene);
  contents(files);
  http(files);
  frames_of_an_owner(files);
}

}  // namespace cairn::testing
