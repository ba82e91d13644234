using System.Buffers.Text;
using System.Text;
using DhtTracer.Ingestion.Kubo;

namespace DhtTracer.Web.Node;

/// <summary>What a reader asked the node to do.</summary>
/// <param name="Operation">One of <see cref="Operations"/>.</param>
/// <param name="Key">Peer id, CID or record key.</param>
/// <param name="Value">The value of <c>put-value</c>.</param>
/// <param name="At">Who runs it: <see cref="Node"/> or <see cref="Kubo"/>.</param>
internal sealed record RunRequest(string Operation, string Key, string Value, string At)
{
    /// <summary>Our node runs it.</summary>
    public const string Node = "node";

    /// <summary>The operator's Kubo runs it.</summary>
    public const string Kubo = "kubo";

    /// <summary>Characters of a key; the longest that libp2p knows has about 100.</summary>
    public const int LongestKey = 1000;

    /// <summary>Bytes of a value in UTF-8: the node takes a command of 100,000 characters, and base64 makes four of three.</summary>
    public const int LongestValue = 64 * 1024;

    /// <summary>The operations, and what their key is.</summary>
    public static IReadOnlyList<(string Name, string Key)> Operations { get; } =
    [
        ("find-peer", "peer id"),
        ("get-providers", "CID"),
        ("add-provider", "CID"),
        ("put-value", "record key"),
        ("get-value", "record key"),
        ("get-closest-peers", "peer id, CID or record key"),
        ("ping", "peer id or address"),
    ];

    /// <summary>What is wrong with it, a sentence each; empty when it can be sent.</summary>
    public IEnumerable<string> Problems()
    {
        var wanted = Operations.FirstOrDefault(operation => operation.Name == Operation).Key;
        if (wanted is null)
        {
            yield return "Choose one of the operations.";
            yield break;
        }

        if (Key.Length == 0)
        {
            yield return $"{Operation} needs a key: a {wanted}.";
        }
        else if (Key.Length > LongestKey)
        {
            yield return $"The key has {Key.Length:N0} characters; at most {LongestKey:N0} are sent.";
        }

        if (Operation == "put-value" && Value.Length == 0)
        {
            yield return "put-value needs a value.";
        }
        else if (Operation != "put-value" && Value.Length > 0)
        {
            yield return $"{Operation} takes no value; only put-value does.";
        }
        else if (Encoding.UTF8.GetByteCount(Value) is > LongestValue and var bytes)
        {
            yield return $"The value has {bytes:N0} bytes; at most {LongestValue:N0} are sent.";
        }
    }

    /// <summary>The command as the Kubo takes it.</summary>
    /// <exception cref="KuboException">It runs no such operation, or the key or value is none for it.</exception>
    public KuboCommand KuboCommand() =>
        Ingestion.Kubo.KuboCommand.Create(Words.TryParse<QueryType>(Operation, out var type) ? type : QueryType.Unknown, Key, ValueBytes());

    /// <summary>The command as the node reads it, quoted as in a shell.</summary>
    public string Command() => Operation == "put-value" ? $"{Operation} {Quoted(Key)} {Written()}" : $"{Operation} {Quoted(Key)}";

    private byte[] ValueBytes()
    {
        const string hex = "hex:";
        const string base64 = "base64:";
        if (Value.StartsWith(hex, StringComparison.Ordinal))
        {
            try
            {
                return Convert.FromHexString(Value[hex.Length..]);
            }
            catch (FormatException wrong)
            {
                throw new KuboException(KuboProblem.BadRequest, "What follows 'hex:' is not hexadecimal, two digits a byte.", wrong);
            }
        }

        if (!Value.StartsWith(base64, StringComparison.Ordinal))
        {
            return Encoding.UTF8.GetBytes(Value);
        }

        var encoded = Value[base64.Length..];
        return Base64.IsValid(encoded)
            ? Convert.FromBase64String(encoded)
            : throw new KuboException(KuboProblem.BadRequest, "What follows 'base64:' is not base64.");
    }

    /// <summary>Base64 where quoting makes a value of many quotes longer than that: a command has a limit.</summary>
    private string Written()
    {
        var quoted = Quoted(Value);
        var encoded = "base64:" + Convert.ToBase64String(Encoding.UTF8.GetBytes(Value));
        return quoted.Length <= encoded.Length ? quoted : encoded;
    }

    private static string Quoted(string word) =>
        word.All(static character => char.IsAsciiLetterOrDigit(character) || "/:._-+=,@%".Contains(character))
            ? word
            : $"'{word.Replace("'", "'\\''")}'";
}
