# Twice as many places for tests as there are processors (./dev): real programs mostly wait for each other, what computes
# takes two places. With a sanitizer everything computes, and takes several times as long as a test's limit is meant for.

# weigh_tests(): of the folder whose CMakeLists.txt calls it, at its end.
function(weigh_tests)
  get_property(tests DIRECTORY PROPERTY TESTS)
  foreach(test ${tests})
    get_property(labels TEST ${test} PROPERTY LABELS)
    if(CAIRN_SANITIZE OR NOT "e2e" IN_LIST labels)
      set_property(TEST ${test} PROPERTY PROCESSORS 2)
    endif()
    if(CAIRN_SANITIZE)
      set_property(TEST ${test} PROPERTY TIMEOUT 3600)
    endif()
  endforeach()
endfunction()

# begin_with(TEST...): those that take longest, so that none of them is alone at the end.
function(begin_with)
  set_property(TEST ${ARGN} PROPERTY COST 100)
endfunction()
