// A program that started others, told to end: it ends them first.
#pragma once

#include <string>

namespace cairn::demo {

/// From now on SIGINT, SIGTERM and SIGHUP end the children of this process (SIGTERM, and SIGKILL after two seconds),
/// remove `folder` and end the process, with exit code 128 + signal. To be called once, before there is another thread.
void end_children_when_told(std::string folder);

}  // namespace cairn::demo
