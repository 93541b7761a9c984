-- busy.lua [ROUNDS] - CPU-bound work of several kinds, the same answer every time: recursion, tables, strings, sorting.
local rounds = tonumber(arg and arg[1]) or 10
local seed = 42

local function random(n)
	seed = (seed * 1103515245 + 12345) % 2147483648
	return seed % n + 1
end

local function fib(n)
	return n < 2 and n or fib(n - 1) + fib(n - 2)
end

local function tree(depth)
	if depth == 0 then return {} end
	return { tree(depth - 1), tree(depth - 1) }
end

local function count(t)
	return t[1] and 1 + count(t[1]) + count(t[2]) or 1
end

local function words(n)
	local seen, list = {}, {}
	for i = 1, n do
		local w = string.format("%s%d", string.rep(string.char(96 + random(26)), random(5)), random(500))
		seen[w] = (seen[w] or 0) + 1
	end
	for w, c in pairs(seen) do list[#list + 1] = w .. ":" .. c end
	table.sort(list)
	return #list, (table.concat(list, " "):gsub("[aeiou]", ""))
end

local sum = 0
for i = 1, rounds do
	sum = sum + fib(24) + count(tree(13))
	local n, text = words(20000)
	sum = sum + n + #text
end
print(sum)
