-- The turns at a host, for all workers of a group. By the clock of the store: workers' clocks may differ.
--
-- KEYS[1] is the host's: "free", from when on it may be asked again, and for each request at work its token and until when it
-- is believed to be (microseconds since 1970).
-- ARGV "ask", token, requests at once, lease (us): answers 0 when the turn is the asker's, else for how long it rests (us), or
-- -1 when others have all turns.
-- ARGV "end", token, rest (us): the request is over, and the host rests so long.
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
local key, order, token = KEYS[1], ARGV[1], ARGV[2]
local function number(value) return string.format('%.0f', value) end

local free, latest, running = 0, 0, 0
local flat = redis.call('HGETALL', key)
for i = 1, #flat, 2 do
    local time = tonumber(flat[i + 1])
    if flat[i] == 'free' then
        free = time
    elseif flat[i] == token and order == 'end' or time <= now then
        redis.call('HDEL', key, flat[i])
    else
        running = running + 1
        latest = math.max(latest, time)
    end
end

if order == 'ask' then
    if free > now then return free - now end
    if running >= tonumber(ARGV[3]) then return -1 end
    latest = math.max(latest, now + tonumber(ARGV[4]))
    redis.call('HSET', key, token, number(now + tonumber(ARGV[4])))
else
    free = math.max(free, now + tonumber(ARGV[3]))
    redis.call('HSET', key, 'free', number(free))
end
-- What is over is forgotten, and a second later, so that nothing that counts is.
redis.call('PEXPIREAT', key, number(math.max(free, latest) / 1000 + 1000))
return 0
