#include "apps/common/certificate.h"

#include <sys/stat.h>

namespace cairn::apps {

std::string Certificate::stamp() const {
  std::string out;
  for (const std::string* file : {&certificate_file_, &key_file_}) {
    struct stat found = {};
    if (::stat(file->c_str(), &found) != 0) continue;
    for (const auto number :
         {static_cast<long long>(found.st_ino), static_cast<long long>(found.st_size),
          static_cast<long long>(found.st_mtim.tv_sec), static_cast<long long>(found.st_mtim.tv_nsec)}) {
      out += std::to_string(number) + " ";
    }
  }
  return out;
}

bool Certificate::changed() const { return stamp() != stamp_; }

Status Certificate::read() {
  stamp_ = stamp();
  auto context = TRY(net::TlsContext::server(certificate_file_, key_file_));
  context_ = std::move(context);
  return ok();
}

}  // namespace cairn::apps
