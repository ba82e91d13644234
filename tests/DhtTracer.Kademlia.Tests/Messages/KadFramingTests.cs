using DhtTracer.Kademlia.Messages;
using DhtTracer.Kademlia.Tests.Simulation;
using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia.Tests.Messages;

public sealed class KadFramingTests
{
    [Fact]
    public async Task A_ping_is_three_bytes() =>
        Assert.Equal("020805", Convert.ToHexStringLower(KadFraming.Frame(new KadMessage { Type = MessageType.Ping })));

    [Fact]
    public async Task Messages_are_read_one_after_the_other_however_the_bytes_are_cut()
    {
        var find = new KadMessage { Type = MessageType.FindNode, Key = new byte[200] };
        using var stream = new OneByteStream([.. KadFraming.Frame(find), .. KadFraming.Frame(new KadMessage { Type = MessageType.Ping })]);
        Assert.Equal(200, (await KadFraming.ReadAsync(stream, KadMessageLimits.Default, default))!.Key.Length);
        Assert.Equal(MessageType.Ping, (await KadFraming.ReadAsync(stream, KadMessageLimits.Default, default))!.Type);
        Assert.Null(await KadFraming.ReadAsync(stream, KadMessageLimits.Default, default));
    }

    [Theory]
    [InlineData("8080808080808080808001", "no varint")]
    [InlineData("ffffffff7f", "is announced")]
    [InlineData("81", "inside the length")]
    [InlineData("0508", "after 1 of the 5 bytes")]
    public async Task A_frame_that_is_wrong_is_a_typed_error(string hex, string says)
    {
        using var stream = new MemoryStream(Convert.FromHexString(hex));
        var error = await Assert.ThrowsAsync<KadMessageException>(() => KadFraming.ReadAsync(stream, KadMessageLimits.Default, default));
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_announced_length_alone_takes_no_memory()
    {
        byte[] frame = [0x80, 0x80, 0x80, 0x02, 1, 2, 3];
        var before = GC.GetAllocatedBytesForCurrentThread();
        using var stream = new MemoryStream(frame);
        await Assert.ThrowsAsync<KadMessageException>(() => KadFraming.ReadAsync(stream, KadMessageLimits.Default, default));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 200_000);
    }

    /// <summary>Valid frames of every type with bits flipped, bytes cut, doubled and inserted: a message or the typed error, nothing
    /// else.</summary>
    [Fact]
    public async Task Mutated_frames_give_a_message_or_the_typed_error()
    {
        var random = new Random(20260101);
        var inputs = int.TryParse(Environment.GetEnvironmentVariable("DHT_TRACER_FUZZ_INPUTS"), out var asked) ? asked : 20_000;
        var peers = Enumerable
            .Range(0, 5)
            .Select(_ => new KadPeer(SimulatedNetwork.RandomPeerId(random), [Multiaddr.Parse("/ip4/1.2.3.4/tcp/5")]))
            .ToList();
        var seeds = Enum.GetValues<MessageType>()
            .Where(type => type != MessageType.Unknown)
            .Select(type =>
                KadFraming.Frame(
                    new KadMessage
                    {
                        Type = type,
                        Key = "/v/key"u8.ToArray(),
                        Record = new KadRecord("/v/key"u8.ToArray(), new byte[40], "2026-01-02T03:04:05Z"),
                        CloserPeers = peers,
                        ProviderPeers = peers,
                    }
                )
            )
            .ToList();
        var limits = new KadMessageLimits { MaxMessageBytes = 64 * 1024 };
        var refused = 0;
        for (var i = 0; i < inputs; i++)
        {
            using var stream = new MemoryStream(Mutate(seeds[i % seeds.Count], random));
            try
            {
                while (await KadFraming.ReadAsync(stream, limits, default) is not null) { }
            }
            catch (KadMessageException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, inputs / 10, inputs);
    }

    private static byte[] Mutate(byte[] seed, Random random)
    {
        var bytes = seed.ToList();
        for (var edits = random.Next(1, 5); edits > 0 && bytes.Count > 0; edits--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.RemoveRange(at, random.Next(bytes.Count - at) + 1);
                    break;
                case 3:
                    bytes.Insert(at, (byte)random.Next(256));
                    break;
                default:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(20, bytes.Count - at)));
                    break;
            }
        }

        return [.. bytes];
    }

    private sealed class OneByteStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(1, buffer.Length)], cancellationToken);
    }
}
