-- What finds articles: hashes ("buckets") of fields, each with the numbers of articles, four bytes each.
--
-- KEYS[1] is the prefix; its hash tag keeps all keys in one slot of a cluster.
--   PREFIX:m            the last number (n) and the tables: the oldest (first), the newest (cur), and of each its
--                       size (b: log2 of its buckets), how many articles it files (c), and since when (o, ms)
--   PREFIX:t T:BUCKET   a bucket of table T: "i" id, "x" text, "a" anchor -> numbers, the oldest first
--   PREFIX:e NUMBER     an article, packed
--   PREFIX:p            claims that are not settled: NUMBER -> token (8), lease until (4, s), abandoned (1),
--                       number before (4), partition (4), offset (8), topic
--
-- Small hashes are packed by Redis itself (listpack), as long as a bucket has at most 128 fields and a value 64 bytes: a
-- table that is full is followed by a larger one, and one that is old by a new one. A table's keys expire together, when
-- all that it files is forgotten: nothing is scanned.
local prefix = KEYS[1]
local NONE = '\255\255\255\255'
local FIRST_BITS, GROW_BITS, MOST_BITS = 10, 2, 22
-- Articles per bucket, of 16 fields each: a full table's buckets have 80 on average, and one in three million has more than 128 (with 6
-- articles one in a thousand, with 8 half of them). Bytes an article, the most among 2,000 to 40,000 of 580 words: 857; with 4 articles
-- a bucket 922, and where tables grow by eight instead of four 917, for a tenth less time.
local PER_BUCKET = 5

local clock = redis.call('TIME')
local now_s = tonumber(clock[1])
local now_ms = now_s * 1000 + math.floor(tonumber(clock[2]) / 1000)
local meta, meta_key = {}, prefix .. ':m'
do
    local flat = redis.call('HGETALL', meta_key)
    for i = 1, #flat, 2 do meta[flat[i]] = tonumber(flat[i + 1]) end
end

local function number_at(text, at) return (struct.unpack('<I4', text, at)) end
local function bucket(table_id, value)
    return prefix .. ':t' .. table_id .. ':' .. (value % 2 ^ meta['b' .. table_id])
end
local function entry_key(number) return prefix .. ':e' .. number end
local function is_live(number) return redis.call('EXISTS', entry_key(number)) == 1 end

-- Calls visit(numbers) for each table that has the field, the newest first, until it answers.
local function find(field, value, visit)
    for t = meta.cur or 0, meta.first or 1, -1 do
        local numbers = meta['b' .. t] and redis.call('HGET', bucket(t, value), field)
        if numbers then
            local answer = visit(numbers)
            if answer then return answer end
        end
    end
end

-- The table that articles are filed in now.
local function current_table(ttl_ms)
    local cur = meta.cur
    local bits = FIRST_BITS
    if cur and meta['b' .. cur] then
        bits = meta['b' .. cur]
        local room = PER_BUCKET * 2 ^ bits
        local is_full = meta['c' .. cur] >= room
        if not is_full and now_ms - meta['o' .. cur] < ttl_ms / 2 then return cur end
        if is_full then bits = math.min(bits + GROW_BITS, MOST_BITS)
        elseif meta['c' .. cur] < room / 16 then bits = math.max(bits - GROW_BITS, FIRST_BITS) end
    end
    -- The oldest tables whose keys have expired.
    local first = meta.first or 1
    while cur and first < cur and now_ms > meta['o' .. first] + ttl_ms * 1.5 do
        redis.call('HDEL', meta_key, 'b' .. first, 'c' .. first, 'o' .. first)
        first = first + 1
    end
    cur = (cur or 0) + 1
    redis.call('HSET', meta_key, 'first', first, 'cur', cur, 'b' .. cur, bits, 'c' .. cur, 0, 'o' .. cur, now_ms)
    meta.first, meta.cur, meta['b' .. cur], meta['c' .. cur], meta['o' .. cur] = first, cur, bits, 0, now_ms
    return cur
end

-- Files a number under a field. Of more than `most` live ones the oldest gives way, or this one where the first counts.
local function file_under(t, field, value, number, most, first_counts, expires)
    local key = bucket(t, value)
    local old, live = redis.call('HGET', key, field), {}
    if old then
        for at = 1, #old, 4 do
            local other = old:sub(at, at + 3)
            if other ~= number and is_live(other) then live[#live + 1] = other end
        end
        if #live >= most then
            if first_counts then return end
            table.remove(live, 1)
        end
    end
    live[#live + 1] = number
    redis.call('HSET', key, field, table.concat(live))
    redis.call('PEXPIREAT', key, expires)
end

local function file(number, id, text, anchors, ttl_ms)
    local t = current_table(ttl_ms)
    local expires = math.floor(meta['o' .. t] + ttl_ms * 1.5) + 1000
    file_under(t, 'i' .. id:sub(1, 8), number_at(id, 1), number, 4, false, expires)
    file_under(t, 'x' .. text, number_at(text, 1), number, 4, true, expires)
    for at = 1, #anchors, 4 do
        file_under(t, 'a' .. anchors:sub(at, at + 3), number_at(anchors, at), number, 16, false, expires)
    end
    redis.call('HINCRBY', meta_key, 'c' .. t, 1)
end
