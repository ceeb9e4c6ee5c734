-- One step of a claim: reads what is known of an article; and if that is what the caller has seen already, writes.
--
-- ARGV: ttl (ms), id (16), text (8), probes (4 each), anchors (4 each), seen, the packed article, token (8), lease (s),
-- consumed (partition 4, offset 8, topic). An empty article is not written; with a lease of 0 it is settled at once.
-- Answers "written" and the number, or "known", all numbers that were found (by id, by text, then candidates; "none" for
-- none), and for each that is one: the article and its pending claim (or "").
local ttl_ms, id, text, probes, anchors = tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local seen, article, token, lease_s, consumed = ARGV[6], ARGV[7], ARGV[8], tonumber(ARGV[9]), ARGV[10]
local CANDIDATES = 8

local articles = {}
local function article_of(number)
    local known = articles[number]
    if known == nil then
        known = redis.call('GET', entry_key(number))
        articles[number] = known
    end
    return known
end

-- A packed article: layout, flags, id (16), text (8), ...
local by_id = find('i' .. id:sub(1, 8), number_at(id, 1), function(numbers)
    for at = #numbers - 3, 1, -4 do
        local number = numbers:sub(at, at + 3)
        local known = article_of(number)
        if known and known:sub(3, 18) == id then return number end
    end
end) or NONE
local by_text = find('x' .. text, number_at(text, 1), function(numbers)
    for at = 1, #numbers, 4 do
        local number = numbers:sub(at, at + 3)
        local known = article_of(number)
        if known and known:sub(19, 26) == text and known:sub(3, 18) ~= id then return number end
    end
end) or NONE

local counts, found = {}, {}
for at = 1, #probes, 4 do
    find('a' .. probes:sub(at, at + 3), number_at(probes, at), function(numbers)
        for n = 1, #numbers, 4 do
            local number = numbers:sub(n, n + 3)
            if not counts[number] then
                counts[number] = 0
                found[#found + 1] = number
            end
            counts[number] = counts[number] + 1
        end
    end)
end
-- Of as many anchors the earlier article.
table.sort(found, function(a, b)
    if counts[a] ~= counts[b] then return counts[a] > counts[b] end
    return number_at(a, 1) < number_at(b, 1)
end)
local numbers = { by_id, by_text }
for _, number in ipairs(found) do
    if #numbers == CANDIDATES + 2 then break end
    if article_of(number) then numbers[#numbers + 1] = number end
end

local is_seen = table.concat(numbers) == seen
if is_seen and #article > 0 then
    local number = struct.pack('<I4', redis.call('HINCRBY', meta_key, 'n', 1))
    redis.call('SET', entry_key(number), article, 'PX', ttl_ms)
    if lease_s > 0 then
        local pending = token .. struct.pack('<I4', now_s + lease_s) .. '\0' .. by_id .. consumed
        redis.call('HSET', prefix .. ':p', number, pending)
    elseif by_id ~= NONE then
        redis.call('DEL', entry_key(by_id))
    end
    file(number, id, text, anchors, ttl_ms)
    return { 'written', number }
end

local answer = { 'known', table.concat(numbers) }
for _, number in ipairs(numbers) do
    if number ~= NONE then
        answer[#answer + 1] = article_of(number)
        answer[#answer + 1] = redis.call('HGET', prefix .. ':p', number) or ''
    end
end
return answer
