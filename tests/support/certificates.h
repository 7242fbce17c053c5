// An authority that lives for one test, and certificates by it: made by the openssl program.
#pragma once

#include <cstdlib>
#include <string>

#include "core/base/check.h"

namespace cairn::testing {

class TestAuthority {
 public:
  /// Files NAME.pem and NAME.key in `folder`.
  TestAuthority(std::string folder, std::string name) : folder_(std::move(folder)), name_(std::move(name)) {
    run("openssl req -x509 -newkey ed25519 -nodes -days 2 -subj /CN=" + name_ + " -keyout " + file(name_ + ".key") +
        " -out " + certificate());
  }
  std::string certificate() const { return file(name_ + ".pem"); }

  /// NAME.pem and NAME.key for `names` as in "DNS:example.org,IP:127.0.0.1"; "" leaves them out, and the subject's
  /// common name is all that there is. Expired ones ran out in 2020.
  enum class Life : std::uint8_t { now, expired };
  void issue(const std::string& name, const std::string& names, Life life = Life::now,
             const std::string& common_name = "x") const {
    const std::string request = file(name + ".csr");
    run("openssl req -new -newkey ed25519 -nodes -subj /CN=" + common_name +
        (names.empty() ? "" : " -addext subjectAltName=" + names) + " -keyout " + file(name + ".key") + " -out " +
        request);
    // `openssl ca` alone takes dates; it wants a database, which is empty.
    const std::string config = file(name + ".cnf");
    run("printf '[ca]\\ndefault_ca=c\\n[c]\\ndatabase=" + file(name + ".db") + "\\nnew_certs_dir=" + folder_ +
        "\\nrand_serial=yes\\ndefault_md=default\\npolicy=p\\ncopy_extensions=copy\\nunique_subject=no\\n[p]\\n" +
        "commonName=supplied\\n' > " + config + " && : > " + file(name + ".db"));
    const std::string dates = life == Life::now ? "-days 2" : "-startdate 20190101000000Z -enddate 20200101000000Z";
    run("openssl ca -batch -notext -config " + config + " -cert " + certificate() + " -keyfile " +
        file(name_ + ".key") + " " + dates + " -in " + request + " -out " + file(name + ".pem"));
  }
  std::string file(const std::string& name) const { return folder_ + "/" + name; }

 private:
  static void run(const std::string& command) {
    CHECK(std::system(("{ " + command + "; } >/dev/null 2>&1").c_str()) == 0);
  }
  std::string folder_, name_;
};

}  // namespace cairn::testing
