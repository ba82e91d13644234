using System.Text;
using DhtTracer.Kademlia.Records;
using DhtTracer.Kademlia.Tests.Simulation;
using DhtTracer.Libp2p.Identities;
using DhtTracer.Multiformats;

namespace DhtTracer.Kademlia.Tests.Records;

/// <summary>Against records made by the npm package ipns 10 (js-libp2p's) from a fixed key and clock.</summary>
public sealed class IpnsRecordTests
{
    // createIPNSRecord(key, "/ipfs/bafkreibm6j…", 7n, 3600_000) at 2026-01-01T00:00:00Z, then sequence 8 with v1Compatible: false.
    private const string BothVersions =
        "0a412f697066732f6261666b726569626d366a673375783571756d68636e326233666c633374797536646d6c623478613775"
        + "35626634347965676e726a6863347965711240211c98a121293ea5606a85ed5a2975c427febb9196e3c16be376fa5145ab4b"
        + "ce6ec8b5cefc246f9b667bebc9474bcd5ca285daab29a9def21ce16675ddb2580b1800221e323032362d30312d3031543031"
        + "3a30303a30302e3030303030303030305a28073080f092cbdd084240027f6d51f6757a42b1e790fcec1c8ffd20857ce47c6b"
        + "d28aa0717f90fcff198fef09e604be719fa0f60e09d47dd8a31138e16087e995d01f2730daeb3132810f4a9801a56354544c"
        + "1b00000045d964b8006556616c756558412f697066732f6261666b726569626d366a673375783571756d68636e326233666c"
        + "633374797536646d6c62347861377535626634347965676e726a6863347965716853657175656e6365076856616c69646974"
        + "79581e323032362d30312d30315430313a30303a30302e3030303030303030305a6c56616c69646974795479706500";
    private const string Version2Only =
        "42409f20e3c7c7739c0e71514ee67bda496daf8965d99b7ea0a508f8213d3b1a57e2bc3fede4448599d5db92eb1f0e85a660"
        + "be00d303cbc5e045f9e730a58751fa094a9801a56354544c1b00000045d964b8006556616c756558412f697066732f626166"
        + "6b726569626d366a673375783571756d68636e326233666c633374797536646d6c62347861377535626634347965676e726a"
        + "6863347965716853657175656e6365086856616c6964697479581e323032362d30312d30315430313a30303a30302e303030"
        + "3030303030305a6c56616c69646974795479706500";
    private const string Path = "/ipfs/bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq";

    private static readonly DateTimeOffset Expiry = new(2026, 1, 1, 1, 0, 0, TimeSpan.Zero);

    private readonly VirtualTime _time = new();
    private readonly Identity _identity = Identity.FromSeed(
        Convert.FromHexString("4027a562c3301b0f533bd71b012c62d748d287b63ab6281e8d67be22a2c86fd8")
    );
    private readonly byte[] _key;
    private readonly IpnsNamespace _namespace;

    public IpnsRecordTests()
    {
        _key = RecordKey.ForIpns(_identity.PeerId);
        _namespace = new IpnsNamespace(_time);
    }

    [Theory]
    [InlineData(BothVersions, 7)]
    [InlineData(Version2Only, 8)]
    public void Records_of_js_ipns_are_valid_and_read(string hex, ulong sequence)
    {
        var bytes = Convert.FromHexString(hex);
        Assert.Null(_namespace.Validate(_key, bytes));
        Assert.Null(IpnsRecord.TryRead(_identity.PeerId, bytes, out var record));
        Assert.Equal(Path, Encoding.UTF8.GetString(record!.Value.Span));
        Assert.Equal(sequence, record.Sequence);
        Assert.Equal(Expiry, record.ValidUntil);
        Assert.Equal(300_000_000_000u, record.TimeToLiveNs);
    }

    [Fact]
    public void Our_record_is_byte_for_byte_that_of_js_ipns() =>
        Assert.Equal(BothVersions, Convert.ToHexStringLower(IpnsRecord.Create(_identity, Path, 7, Expiry, TimeSpan.FromMinutes(5))));

    [Fact]
    public void The_greater_sequence_wins_then_the_later_validity()
    {
        var seven = Convert.FromHexString(BothVersions);
        var eight = Convert.FromHexString(Version2Only);
        Assert.True(_namespace.Compare(_key, eight, seven) > 0);
        Assert.True(_namespace.Compare(_key, seven, eight) < 0);
        var longer = IpnsRecord.Create(_identity, Path, 7, Expiry.AddSeconds(1), TimeSpan.FromMinutes(5));
        Assert.True(_namespace.Compare(_key, longer, seven) > 0);
        Assert.Equal(0, _namespace.Compare(_key, seven, seven));
    }

    [Fact]
    public void A_record_is_invalid_from_the_moment_it_expires()
    {
        var bytes = Convert.FromHexString(BothVersions);
        _time.Run(() => Task.Delay(TimeSpan.FromMinutes(59), _time));
        Assert.Null(_namespace.Validate(_key, bytes));
        _time.Run(() => Task.Delay(TimeSpan.FromMinutes(1), _time));
        Assert.Contains("expired", _namespace.Validate(_key, bytes), StringComparison.Ordinal);
    }

    [Fact]
    public void A_record_of_somebody_elses_name_is_refused()
    {
        var other = RecordKey.ForIpns(Identity.Create().PeerId);
        Assert.Contains("signature is wrong", _namespace.Validate(other, Convert.FromHexString(BothVersions)), StringComparison.Ordinal);
        Assert.Contains("not a peer id", _namespace.Validate("/ipns/xx"u8, Convert.FromHexString(BothVersions)), StringComparison.Ordinal);
    }

    [Fact]
    public void No_bit_of_what_counts_can_be_changed()
    {
        var bytes = Convert.FromHexString(BothVersions);

        // Signature of version 1 (fields 2) stands at 67 to 132 and is not checked; everything else is.
        var unchecked1 = Enumerable.Range(69, 64).ToHashSet();
        for (var i = 0; i < bytes.Length; i++)
        {
            var changed = bytes.ToArray();
            changed[i] ^= 1;
            if (!unchecked1.Contains(i))
            {
                Assert.True(_namespace.Validate(_key, changed) is not null, $"byte {i}");
            }
        }
    }

    [Fact]
    public void A_record_signed_only_by_version_1_is_refused()
    {
        // The first 0x41 + 2 + 0x40 + 2 bytes are value and signature of version 1; then validity type, validity, sequence and ttl.
        var end = BothVersions.IndexOf("4240", StringComparison.Ordinal);
        var version1 = Convert.FromHexString(BothVersions[..end]);
        Assert.Contains("no signature of version 2", _namespace.Validate(_key, version1), StringComparison.Ordinal);
    }

    [Fact]
    public void An_oversized_record_is_refused_before_it_is_read() =>
        Assert.Contains("at most 10240", _namespace.Validate(_key, new byte[IpnsRecord.MaxBytes + 1]), StringComparison.Ordinal);

    [Fact]
    public void Mutated_records_are_judged_and_never_throw()
    {
        var random = new Random(11);
        var inputs = int.TryParse(Environment.GetEnvironmentVariable("DHT_TRACER_FUZZ_INPUTS"), out var asked) ? asked : 5000;
        var seed = Convert.FromHexString(BothVersions);
        for (var i = 0; i < inputs; i++)
        {
            var bytes = seed.ToArray();
            for (var edits = random.Next(1, 6); edits > 0; edits--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            _ = _namespace.Validate(_key, bytes.AsSpan(0, random.Next(bytes.Length + 1)));
            _ = CborMap.TryParse(bytes.AsMemory(random.Next(bytes.Length)));
        }
    }
}
