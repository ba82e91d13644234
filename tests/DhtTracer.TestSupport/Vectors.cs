using System.Text.Json;

namespace DhtTracer.TestSupport;

/// <summary>Byte vectors that js-libp2p made from fixed keys: <c>tests/data/libp2p/vectors.json</c>.</summary>
public static class Vectors
{
    public static JsonElement Root { get; } = JsonDocument.Parse(File.ReadAllBytes(TestFiles.Data("libp2p", "vectors.json"))).RootElement;

    public static IEnumerable<JsonElement> Keys => Root.GetProperty("keys").EnumerateArray();

    public static JsonElement Other => Root.GetProperty("other");

    public static string Text(this JsonElement element, string name) => element.GetProperty(name).GetString()!;

    public static byte[] Hex(this JsonElement element, string name) => Convert.FromHexString(element.Text(name));
}

/// <summary>How many inputs a fuzz test makes: few by default, as many as <c>DHT_TRACER_FUZZ_INPUTS</c> says in a long run.</summary>
public static class Fuzz
{
    public static int Inputs { get; } =
        int.TryParse(Environment.GetEnvironmentVariable("DHT_TRACER_FUZZ_INPUTS"), out var n) && n > 0 ? n : 20_000;

    /// <summary>
    /// Inputs of a test whose inputs cost a signature or a key agreement each: a share of <see cref="Inputs"/>, but all of them in a run of
    /// a million and more.
    /// </summary>
    public static int Costly(int share) => Inputs >= 1_000_000 ? Inputs : Math.Max(200, Inputs / share);

    /// <summary>Changes, cuts, repeats or inserts a few bytes of a valid input.</summary>
    public static byte[] Mutate(Random random, ReadOnlySpan<byte> valid)
    {
        var bytes = new List<byte>(valid.ToArray());
        for (var changes = random.Next(1, 5); changes > 0; changes--)
        {
            var at = random.Next(bytes.Count + 1);
            switch (random.Next(6))
            {
                case 0 when at < bytes.Count:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1 when at < bytes.Count:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2 when at < bytes.Count:
                    bytes.RemoveRange(at, random.Next(1, Math.Min(9, bytes.Count - at + 1)));
                    break;
                case 3:
                    bytes.Insert(at, (byte)random.Next(256));
                    break;
                case 4 when at < bytes.Count:
                    bytes[at] = random.Next(2) == 0 ? (byte)0xff : (byte)0x80;
                    break;
                default:
                    var from = random.Next(bytes.Count + 1);
                    bytes.InsertRange(at, bytes.GetRange(from, Math.Min(random.Next(1, 17), bytes.Count - from)));
                    break;
            }
        }

        return [.. bytes];
    }

    /// <summary>As <see cref="Mutate(Random, ReadOnlySpan{byte})"/> for text of one byte per character.</summary>
    public static string Mutate(Random random, string valid) =>
        System.Text.Encoding.Latin1.GetString(Mutate(random, System.Text.Encoding.Latin1.GetBytes(valid)));
}
