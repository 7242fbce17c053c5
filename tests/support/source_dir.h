// Where the sources lie, for tests that read vectors and corpora.
#pragma once

#include <string_view>

namespace cairn::testing {

/// The absolute path of the root of the repository, without a slash at the end.
/// A function and not a macro, so that no object file of a test but one holds the
/// path, and ccache can share the others between checkouts.
std::string_view source_dir();

}  // namespace cairn::testing
