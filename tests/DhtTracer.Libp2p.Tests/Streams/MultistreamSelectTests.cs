using System.Text;
using DhtTracer.Libp2p.Streams;
using DhtTracer.TestSupport;

namespace DhtTracer.Libp2p.Tests.Streams;

public class MultistreamSelectTests
{
    [Fact]
    public void Header_and_protocol_are_written_as_js_libp2p_writes_them() =>
        Assert.Equal(
            "132f6d756c746973747265616d2f312e302e300a072f6e6f6973650a",
            Convert.ToHexStringLower(MultistreamSelect.Encode("/multistream/1.0.0", "/noise"))
        );

    [Fact]
    public async Task A_listener_answers_until_it_supports_something()
    {
        var channel = new ScriptedChannel(MultistreamSelect.Encode("/multistream/1.0.0", "/tls/1.0.0", "/noise"));
        Assert.Equal("/noise", await MultistreamSelect.AcceptAsync(channel, protocol => protocol == "/noise", () => ["/noise"], default));
        Assert.Equal(MultistreamSelect.Encode("/multistream/1.0.0", "na", "/noise"), channel.Written);
    }

    [Fact]
    public async Task Ls_is_answered_as_js_libp2p_answers_it()
    {
        var channel = new ScriptedChannel(MultistreamSelect.Encode("/multistream/1.0.0", "ls", "/noise"));
        _ = await MultistreamSelect.AcceptAsync(channel, protocol => protocol == "/noise", () => ["/noise"], default);

        // Measured against js-libp2p: header, then one message that holds the list.
        Assert.StartsWith(
            "132f6d756c746973747265616d2f312e302e300a09072f6e6f6973650a0a",
            Convert.ToHexStringLower(channel.Written),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_dialer_goes_on_to_its_next_protocol_without_a_new_header()
    {
        var channel = new ScriptedChannel(MultistreamSelect.Encode("/multistream/1.0.0", "na", "/b"));
        Assert.Equal("/b", await MultistreamSelect.SelectAsync(channel, ["/a", "/b"], default));
        Assert.Equal(MultistreamSelect.Encode("/multistream/1.0.0", "/a", "/b"), channel.Written);
    }

    [Fact]
    public async Task A_dialer_that_is_refused_everywhere_says_what_it_asked_for()
    {
        var channel = new ScriptedChannel(MultistreamSelect.Encode("/multistream/1.0.0", "na", "na"));
        var error = await Assert.ThrowsAsync<ProtocolNotSupportedException>(() =>
            MultistreamSelect.SelectAsync(channel, ["/a", "/b"], default)
        );
        Assert.Equal("/a, /b", error.Protocol);
    }

    [Theory]
    [InlineData("00")] // empty message
    [InlineData("02610a")] // another header
    [InlineData("136d756c746973747265616d2f312e302e30000000000a")] // no newline where the message ends
    [InlineData("ffff7f")] // longer than two length bytes can say
    [InlineData("8108")] // 1025 bytes
    [InlineData("8000")] // padded length
    public async Task What_is_not_multistream_is_refused_by_type(string hex) =>
        Assert.Equal(
            WireLayer.Multistream,
            (
                await Assert.ThrowsAsync<WireException>(() =>
                    MultistreamSelect.AcceptAsync(new ScriptedChannel(Convert.FromHexString(hex)), _ => true, () => [], default)
                )
            ).Layer
        );

    [Fact]
    public async Task A_dialer_that_proposes_without_end_is_refused()
    {
        string[] many = ["/multistream/1.0.0", .. Enumerable.Repeat("/x", MultistreamSelect.MaxProposals + 1)];
        await Assert.ThrowsAsync<WireException>(() =>
            MultistreamSelect.AcceptAsync(new ScriptedChannel(MultistreamSelect.Encode(many)), _ => false, () => [], default)
        );
    }

    [Fact]
    public async Task Mutated_negotiations_end_in_a_protocol_or_a_typed_error()
    {
        var random = new Random(16);
        var listener = MultistreamSelect.Encode("/multistream/1.0.0", "ls", "/tls/1.0.0", "/noise");
        var dialer = MultistreamSelect.Encode("/multistream/1.0.0", "na", "/noise");
        for (var i = 0; i < Fuzz.Inputs; i++)
        {
            try
            {
                _ =
                    i % 2 == 0
                        ? await MultistreamSelect.AcceptAsync(
                            new ScriptedChannel(Fuzz.Mutate(random, listener)),
                            protocol => protocol == "/noise",
                            () => ["/noise"],
                            default
                        )
                        : await MultistreamSelect.SelectAsync(
                            new ScriptedChannel(Fuzz.Mutate(random, dialer)),
                            ["/tls/1.0.0", "/noise"],
                            default
                        );
            }
            catch (Exception e) when (e is WireException or EndOfStreamException or ProtocolNotSupportedException)
            {
                // As it should.
            }
        }
    }

    /// <summary>A remote whose part is written down beforehand.</summary>
    private sealed class ScriptedChannel(byte[] script) : IByteChannel
    {
        private readonly MemoryStream _written = new();
        private int _position;

        public byte[] Written => _written.ToArray();

        public ValueTask ReadExactlyAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            if (_position + buffer.Length > script.Length)
            {
                throw new EndOfStreamException(Encoding.UTF8.GetString(script));
            }

            script.AsMemory(_position, buffer.Length).CopyTo(buffer);
            _position += buffer.Length;
            return ValueTask.CompletedTask;
        }

        public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            _written.Write(bytes.Span);
            return ValueTask.CompletedTask;
        }
    }
}
