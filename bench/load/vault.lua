-- Asks Vault itself for signatures: one in each call, or a batch of BENCH_BATCH.
package.path = os.getenv("BENCH_LOAD") .. "/?.lua;" .. package.path
require("result")

local headers = { ["Content-Type"] = "application/json", ["X-Vault-Token"] = os.getenv("BENCH_TOKEN") }
local path = os.getenv("BENCH_PATH")
local size = tonumber(os.getenv("BENCH_BATCH") or "1")
local common = '"prehashed":true,"signature_algorithm":"pkcs1v15","marshaling_algorithm":"jws","key_version":1'
local n = 0

-- Base64 of 32 bytes, another one each time.
local function digest()
  n = n + 1
  return string.format("%042dA=", n)
end

function request()
  if size == 1 then
    return wrk.format("POST", path, headers, string.format('{%s,"input":"%s"}', common, digest()))
  end
  local items = {}
  for i = 1, size do
    items[i] = string.format('{"input":"%s","reference":"%d"}', digest(), i)
  end
  return wrk.format("POST", path, headers, string.format('{%s,"batch_input":[%s]}', common, table.concat(items, ",")))
end
