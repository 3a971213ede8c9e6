-- Asks for a token for a visitor of its own in each request.
package.path = os.getenv("BENCH_LOAD") .. "/?.lua;" .. package.path
require("result")

local headers = { ["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. os.getenv("BENCH_TOKEN") }
local path = os.getenv("BENCH_PATH")
local n = 0

function request()
  n = n + 1
  return wrk.format("POST", path, headers, string.format('{"userId":"visitor-%d"}', n))
end
