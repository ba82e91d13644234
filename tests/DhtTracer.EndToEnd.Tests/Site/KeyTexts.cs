using System.Numerics;
using System.Text;

namespace DhtTracer.EndToEnd.Tests.Site;

/// <summary>
/// The texts of a key, written here from the specifications of multibase (https://github.com/multiformats/multibase) and CID
/// (https://github.com/multiformats/cid), so that the program is not tested with its own encoder.
/// </summary>
internal static class KeyTexts
{
    private const string Base58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    private const string Base36 = "0123456789abcdefghijklmnopqrstuvwxyz";
    private const string Base32 = "abcdefghijklmnopqrstuvwxyz234567";
    private const byte Raw = 0x55;
    private const byte DagPb = 0x70;
    private const byte Libp2pKey = 0x72;

    /// <summary>Texts of the multihash of some content, by what they are called.</summary>
    public static IEnumerable<(string Name, string Text)> OfContent(byte[] multihash) =>
        [
            ("CID v0", Number(multihash, Base58)),
            ("CID v1 base32", Base32Cid(multihash, DagPb)),
            ("CID v1 of another codec", Base32Cid(multihash, Raw)),
            ("CID v1 in capitals", Base32Cid(multihash, DagPb).ToUpperInvariant()),
            ("CID v1 base58btc", "z" + Number(Cid(multihash, DagPb), Base58)),
            ("CID v1 base36", "k" + Number(Cid(multihash, DagPb), Base36)),
            ("CID v1 base16", "f" + Convert.ToHexStringLower(Cid(multihash, DagPb))),
            ("CID v1 base64url", "u" + Convert.ToBase64String(Cid(multihash, DagPb)).TrimEnd('=').Replace('+', '-').Replace('/', '_')),
            ("multihash hex", Convert.ToHexStringLower(multihash)),
            ("multihash hex, capitals and blanks", $"  {Convert.ToHexString(multihash)} "),
        ];

    /// <summary>Texts of the bytes of a peer id.</summary>
    public static IEnumerable<(string Name, string Text)> OfPeer(byte[] id) =>
        [
            ("peer id base58", Number(id, Base58)),
            ("peer id as CID v1 base32", Base32Cid(id, Libp2pKey)),
            ("peer id as CID v1 base36", Base36Cid(id)),
            ("multihash hex", Convert.ToHexStringLower(id)),
            ("beginning of the text", Number(id, Base58)[..24]),
        ];

    /// <summary>Texts of the key of an IPNS record.</summary>
    public static IEnumerable<(string Name, string Text)> OfName(byte[] id) =>
        [
            ("/ipns/ base36", "/ipns/" + Base36Cid(id)),
            ("/ipns/ base58", "/ipns/" + Number(id, Base58)),
            ("/ipns/ base32", "/ipns/" + Base32Cid(id, Libp2pKey)),
            ("the record's key in hex", Convert.ToHexStringLower([.. Encoding.ASCII.GetBytes("/ipns/"), .. id])),
            ("beginning of the text", ("/ipns/" + Base36Cid(id))[..40]),
        ];

    /// <summary>A peer id as people write names of IPNS: a CID of the codec libp2p-key in base36.</summary>
    public static string Base36Cid(byte[] id) => "k" + Number(Cid(id, Libp2pKey), Base36);

    /// <summary>A CID in base32.</summary>
    public static string Base32Cid(byte[] multihash, byte codec)
    {
        var text = new StringBuilder("b");
        var (bits, count) = (0, 0);
        foreach (var part in Cid(multihash, codec))
        {
            (bits, count) = (((bits << 8) | part) & 0xFFF, count + 8);
            for (; count >= 5; count -= 5)
            {
                text.Append(Base32[(bits >> (count - 5)) & 31]);
            }
        }

        return count == 0 ? text.ToString() : text.Append(Base32[(bits << (5 - count)) & 31]).ToString();
    }

    /// <summary>Bytes as a number in a base; each zero byte in front is the base's zero.</summary>
    public static string Number(byte[] bytes, string alphabet)
    {
        var text = new StringBuilder();
        for (var number = new BigInteger(bytes, isUnsigned: true, isBigEndian: true); number > 0; number /= alphabet.Length)
        {
            text.Insert(0, alphabet[(int)(number % alphabet.Length)]);
        }

        return text.Insert(0, new string(alphabet[0], bytes.TakeWhile(static part => part == 0).Count())).ToString();
    }

    /// <summary>Bytes in base58btc, without a prefix.</summary>
    public static string Base58Of(byte[] bytes) => Number(bytes, Base58);

    private static byte[] Cid(byte[] multihash, byte codec) => [1, codec, .. multihash];
}
