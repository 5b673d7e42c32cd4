// A header of the user's own whose path is also one of flok's.
#pragma once

namespace uses_flok {

/// The folder that the program was given, or the current one.
const char* folder(int argc, char* argv[]);

} // namespace uses_flok
