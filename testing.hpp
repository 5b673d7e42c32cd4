// All that a program needs to test its controllers and pagers (docs/testing.md). Link
// flok::testing; any test framework will do.
#pragma once

#include "flok.hpp"
#include "pagers/pager.hpp"
#include "pagers/registry.hpp"
#include "pagers/spec.hpp"
#include "testing/build_page.hpp"
#include "testing/failed.hpp"
#include "testing/memory_store.hpp"
#include "testing/pages.hpp"
#include "testing/recording_controller.hpp"
#include "testing/scripted_pager.hpp"
#include "testing/spec_log.hpp"
#include "testing/stage.hpp"
#include "testing/temp_dir.hpp"
#include "testing/virtual_system.hpp"
#include "testing/waiting.hpp"
