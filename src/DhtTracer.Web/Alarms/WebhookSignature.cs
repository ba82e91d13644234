using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace DhtTracer.Web.Alarms;

/// <summary>
/// The signature of a webhook: HMAC-SHA256 over the time in Unix seconds, a dot and the body. The receiver computes the same, and refuses
/// what is too old, so that nobody can send it again.
/// </summary>
public static class WebhookSignature
{
    /// <summary>The header with the time, in Unix seconds.</summary>
    public const string TimestampHeader = "X-DhtTracer-Timestamp";

    /// <summary>The header with the signature.</summary>
    public const string SignatureHeader = "X-DhtTracer-Signature";

    /// <summary>The signature as <c>sha256=</c> and 64 hex digits.</summary>
    /// <param name="secret">The shared secret.</param>
    /// <param name="unixSeconds">The value of <see cref="TimestampHeader"/>.</param>
    /// <param name="body">The body as it is sent.</param>
    public static string Of(ReadOnlySpan<byte> secret, long unixSeconds, ReadOnlySpan<byte> body)
    {
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, secret);
        hash.AppendData(Encoding.ASCII.GetBytes(unixSeconds.ToString(CultureInfo.InvariantCulture) + "."));
        hash.AppendData(body);
        return "sha256=" + Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
