using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;
using DhtTracer.Ingestion.Grpc;
using DhtTracer.TestSupport;
using FsCheck;
using FsCheck.Fluent;

namespace DhtTracer.Ingestion.Tests.Grpc;

public class GrpcFramingTests
{
    private const int Limit = 100_000;

    [Fact]
    public async Task Messages_come_back_however_the_stream_is_cut()
    {
        byte[][] messages =
        [
            [],
            [1],
            [.. Enumerable.Range(0, 9000).Select(i => (byte)i)],
            [2, 3],
        ];
        var wire = Wire(messages, compress: false);
        foreach (var piece in new[] { 1, 2, 5, 6, 4096, wire.Length })
        {
            Assert.Equal(messages, await ReadAllAsync(new SlowStream(wire, piece), null));
        }
    }

    [Fact]
    public void Any_messages_survive_the_wire_plain_and_compressed() =>
        Check.QuickThrowOnFailure(
            Prop.ForAll(
                ArbMap.Default.ArbFor<byte[][]>(),
                ArbMap.Default.ArbFor<bool>(),
                ArbMap.Default.ArbFor<PositiveInt>(),
                (messages, compress, piece) =>
                {
                    messages = [.. messages.Select(m => m ?? [])];
                    var read = ReadAllAsync(new SlowStream(Wire(messages, compress), piece.Get), compress ? "gzip" : null)
                        .GetAwaiter()
                        .GetResult();
                    return read.Length == messages.Length && read.Zip(messages).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second));
                }
            )
        );

    [Fact]
    public async Task The_prefix_is_a_flag_and_a_big_endian_length()
    {
        // "Length-Prefixed-Message" of PROTOCOL-HTTP2.md, spelled out by hand.
        byte[] wire = [0, 0, 0, 1, 2, .. new byte[258]];
        var messages = await ReadAllAsync(new MemoryStream(wire), null);
        Assert.Equal(258, Assert.Single(messages).Length);
        Assert.Equal(wire, Wire([new byte[258]], compress: false));
    }

    [Fact]
    public async Task A_length_above_the_limit_is_refused_before_anything_is_read()
    {
        var error = await FailsAsync([0, 0x7F, 0xFF, 0xFF, 0xFF], null);
        Assert.Equal(GrpcStatusCode.ResourceExhausted, error.Status);
        Assert.Contains("100000", error.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_length_with_the_highest_bit_set_is_not_taken_for_negative() =>
        Assert.Equal(GrpcStatusCode.ResourceExhausted, (await FailsAsync([0, 0xFF, 0xFF, 0xFF, 0xFF], null)).Status);

    [Fact]
    public async Task A_bomb_is_stopped_while_it_inflates()
    {
        var wire = Wire([new byte[50 * Limit]], compress: true);
        Assert.True(wire.Length < Limit);
        Assert.Equal(GrpcStatusCode.ResourceExhausted, (await FailsAsync(wire, "gzip")).Status);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(8)]
    public async Task A_stream_that_ends_inside_a_message_is_an_error(int length)
    {
        var wire = Wire(
            [
                [1, 2, 3, 4],
            ],
            compress: false
        )[..length];
        Assert.Equal(GrpcStatusCode.Internal, (await FailsAsync(wire, null)).Status);
    }

    [Fact]
    public async Task An_unknown_flag_is_an_error() =>
        Assert.Equal(GrpcStatusCode.Internal, (await FailsAsync([2, 0, 0, 0, 0], null)).Status);

    [Theory]
    [InlineData(null, GrpcStatusCode.Internal)]
    [InlineData("identity", GrpcStatusCode.Internal)]
    [InlineData("snappy", GrpcStatusCode.Unimplemented)]
    public async Task A_compressed_message_needs_an_encoding_that_is_known(string? encoding, GrpcStatusCode status) =>
        Assert.Equal(
            status,
            (
                await FailsAsync(
                    Wire(
                        [
                            [1],
                        ],
                        compress: true
                    ),
                    encoding
                )
            ).Status
        );

    [Fact]
    public async Task Broken_gzip_is_an_error() =>
        Assert.Equal(GrpcStatusCode.Internal, (await FailsAsync([1, 0, 0, 0, 3, 1, 2, 3], "gzip")).Status);

    [Fact]
    public async Task Gzip_that_ends_too_early_is_an_error_at_every_length()
    {
        using var buffer = new MemoryStream();
        using (var gzip = new GZipStream(buffer, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write([.. Enumerable.Range(0, 500).Select(i => (byte)(i * i))]);
        }

        var whole = buffer.ToArray();
        for (var length = 0; length < whole.Length; length++)
        {
            byte[] wire = [1, 0, 0, (byte)(length >> 8), (byte)length, .. whole[..length]];
            Assert.Equal(GrpcStatusCode.Internal, (await FailsAsync(wire, "gzip")).Status);
        }
    }

    [Fact]
    public async Task Uncompressed_messages_may_stand_in_a_stream_that_announces_gzip() =>
        Assert.Equal(
            [1, 2],
            Assert.Single(
                await ReadAllAsync(
                    new MemoryStream(
                        Wire(
                            [
                                [1, 2],
                            ],
                            compress: false
                        )
                    ),
                    "gzip"
                )
            )
        );

    [Fact]
    public async Task Random_bytes_are_messages_or_a_typed_error()
    {
        var random = new System.Random(20261122);
        for (var i = 0; i < FuzzInputs.Count(5_000); i++)
        {
            var wire = new byte[random.Next(64)];
            random.NextBytes(wire);
            if (wire.Length > 4 && random.Next(2) == 0)
            {
                wire.AsSpan(1, 3).Clear();
            }

            try
            {
                await ReadAllAsync(new SlowStream(wire, 1 + random.Next(8)), random.Next(2) == 0 ? "gzip" : null);
            }
            catch (GrpcException)
            {
                // The only kind of failure there may be.
            }
        }
    }

    private static byte[] Wire(byte[][] messages, bool compress)
    {
        var output = new ArrayBufferWriter<byte>();
        foreach (var message in messages)
        {
            GrpcFraming.Write(output, message, compress);
        }

        return output.WrittenSpan.ToArray();
    }

    private static async Task<byte[][]> ReadAllAsync(Stream wire, string? encoding)
    {
        var messages = new List<byte[]>();
        var input = PipeReader.Create(wire);
        while (await GrpcFraming.ReadAsync(input, encoding, Limit, TestContext.Current.CancellationToken) is { } message)
        {
            messages.Add(message.Memory.ToArray());
            message.Dispose();
        }

        return [.. messages];
    }

    private static Task<GrpcException> FailsAsync(byte[] wire, string? encoding) =>
        Assert.ThrowsAsync<GrpcException>(() => ReadAllAsync(new MemoryStream(wire), encoding));

    /// <summary>Hands out a few bytes at a time, as a network does.</summary>
    private sealed class SlowStream(byte[] bytes, int piece) : MemoryStream(bytes)
    {
        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(piece, buffer.Length)]);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(piece, buffer.Length)], cancellationToken);
    }
}
