using System.Text;
using DhtTracer.Traces.Protobuf;

namespace DhtTracer.Traces.Tests.Protobuf;

public sealed class Utf8StringCacheTests
{
    [Fact]
    public void The_keys_of_a_kademlia_answer_are_each_one_object()
    {
        // They differ in their last character only, which a weak hash would put in one place.
        var cache = new Utf8StringCache(1024);
        string[] keys =
        [
            .. Enumerable.Range(0, 20).Select(number => $"closer-{number}"),
            .. Enumerable.Range(0, 10).Select(number => $"providers-{number}"),
        ];
        var first = keys.Select(key => cache.GetString(Encoding.UTF8.GetBytes(key))).ToArray();
        var again = keys.Select(key => cache.GetString(Encoding.UTF8.GetBytes(key))).ToArray();
        Assert.Equal(keys, first);
        Assert.InRange(first.Zip(again).Count(pair => ReferenceEquals(pair.First, pair.Second)), 27, 30);
    }

    [Fact]
    public void A_full_cache_still_gives_the_right_string()
    {
        var cache = new Utf8StringCache(16);
        var random = new Random(3);
        for (var round = 0; round < 20_000; round++)
        {
            var text = new string(random.GetItems<char>("abcé日", random.Next(0, 12)));
            Assert.Equal(text, cache.GetString(Encoding.UTF8.GetBytes(text)));
        }
    }

    [Fact]
    public void What_is_not_utf8_is_replaced_and_not_mistaken_for_its_neighbour()
    {
        var cache = new Utf8StringCache(1);
        Assert.Equal("a\uFFFD", cache.GetString([(byte)'a', 0xFF]));
        Assert.Equal("a?", cache.GetString("a?"u8));
        Assert.Equal("a\uFFFD", cache.GetString([(byte)'a', 0xFE]));
    }
}
